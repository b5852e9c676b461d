"""Amazon EC2: networks, what their deletion demands, and how EC2 lists them."""

from ...mending import Mends
from . import deletions, endpoints, filters, groups, ids, lag, paging, routes, states, tags, tokens, zones

# Of two mends of one method the later one sees the call first: paging cuts what lag has left over.
PARTS = (deletions, endpoints, filters, groups, lag, paging, routes, states, tags, tokens, zones, ids)

mends = Mends("EC2", [mend for part in PARTS for mend in part.mends.mends])
