"""Client tokens: a call that is repeated with the same token has the effect of one.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from typing import Any

from moto.ec2.responses import EC2Response

from ...mending import AwsError, Mends

mends = Mends("EC2")


@mends.around(EC2Response, "create_route_table", "create_vpc_endpoint")
def a_client_token_makes_one_object(original: Any, self: Any) -> Any:
    """A repeated token is answered with what the first call made; with other parameters it is refused.
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html"""
    token = self._get_param("ClientToken")
    if not token:
        return original(self)
    used = self.ec2_backend.__dict__.setdefault("client_tokens", {})
    key, parameters = (self._get_action(), token), repr(self._get_params())
    if key not in used:
        used[key] = parameters, original(self)
    first_parameters, answer = used[key]
    if parameters != first_parameters:
        message = f"The client token {token} was used before with different parameters."
        raise AwsError("IdempotentParameterMismatch", message)
    return answer
