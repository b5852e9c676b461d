"""Amazon EC2: networks, what their deletion demands, and how EC2 lists them."""

from ...mending import Mends
from . import deletions, endpoints, filters, groups, ids, lag, paging, routes, states, tags, tokens, zones

# Of two mends of one method the later one sees the call first: paging cuts what lag has left over.
PARTS = (deletions, endpoints, filters, groups, lag, paging, routes, states, tags, tokens, zones, ids)

mends = Mends("EC2", [mend for part in PARTS for mend in part.mends.mends])
mends.differs(
    "`DryRun` is heeded by some operations only: CreateVpc creates.",
    "There are no quotas: any number of VPCs, subnets or rules can be made.",
    "Only new objects lag (`ec2.lag`): a change or a deletion is seen at once by the next read.",
    "A NAT gateway's network interface stays after the gateway is deleted.",
)
