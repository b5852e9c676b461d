"""Prints as JSON what each of the operations in the arguments (`ec2:CreateVpc`) can be told, by AWS's published models: a tree
of members, in which a list is what is in it, and a map with known keys has them as members."""

import json
import sys
from typing import Any

import botocore.session

SERVICES = {"tag": "resourcegroupstaggingapi"}
"""The models of those whose IAM actions begin otherwise."""

Tree = dict[str, Any]


def tree(shape: Any, above: tuple[str, ...] = ()) -> Tree:
    while shape.type_name == "list":
        shape = shape.member
    if shape.type_name == "structure" and shape.name not in above:
        return {name: tree(member, (*above, shape.name)) for name, member in shape.members.items()}
    if shape.type_name == "map":
        return {name: {} for name in getattr(shape.key, "enum", ())}
    return {}


def told(action: str) -> Tree:
    service, operation = action.split(":")
    shape = session.get_service_model(SERVICES.get(service, service)).operation_model(operation).input_shape
    return tree(shape) if shape else {}


session = botocore.session.get_session()
print(json.dumps({action: told(action) for action in sys.argv[1:]}))
