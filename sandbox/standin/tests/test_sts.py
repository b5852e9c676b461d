"""Roles are assumed by those whom they trust."""

import json

import pytest

ACCOUNT, OTHER = "123456789012", "222222222222"


@pytest.fixture
def sts(client):
    return client("sts")


def make(standin, principal, account=OTHER, condition=None, action="sts:AssumeRole", effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Principal": principal} | ({"Condition": condition} if condition else {})
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return standin.control("POST", "role", {"account": account, "name": "r", "trustPolicy": policy})["arn"]


def assume(sts, arn, **arguments):
    return sts.assume_role(RoleArn=arn, RoleSessionName="session", **arguments)["Credentials"]


def test_a_role_that_does_not_exist_cannot_be_assumed(sts, refused):
    refused("AccessDenied", assume, sts, f"arn:aws:iam::{OTHER}:role/none")
    refused("AccessDenied", assume, sts, f"arn:aws:iam::{ACCOUNT}:role/none")


@pytest.mark.parametrize(
    "principal",
    [{"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": "*"}, "*", {"AWS": ["1" * 12, f"arn:aws:iam::{ACCOUNT}:user/moto"]}],
)
def test_whom_a_role_trusts_assumes_it(standin, sts, principal):
    arn = make(standin, principal)
    keys = assume(sts, arn)
    session = standin.client("sts", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"])
    assert session.get_caller_identity()["Account"] == OTHER


@pytest.mark.parametrize("principal", [{"AWS": OTHER}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}, {"Service": "ecs-tasks.amazonaws.com"}])
def test_nobody_else_does(standin, sts, refused, principal):
    refused("AccessDenied", assume, sts, make(standin, principal))


def test_a_denial_outweighs_what_is_allowed(standin, sts, refused):
    allow, deny = ({"Effect": effect, "Action": "sts:*", "Principal": {"AWS": ACCOUNT}} for effect in ("Allow", "Deny"))
    policy = {"Version": "2012-10-17", "Statement": [allow, deny]}
    arn = standin.control("POST", "role", {"account": OTHER, "name": "r", "trustPolicy": policy})["arn"]
    refused("AccessDenied", assume, sts, arn)


def test_an_external_id_must_be_the_one_asked_for(standin, sts, refused):
    arn = standin.control("POST", "role", {"account": OTHER, "name": "r", "externalId": "streamflix"})["arn"]
    refused("AccessDenied", assume, sts, arn)
    refused("AccessDenied", assume, sts, arn, ExternalId="other")
    assume(sts, arn, ExternalId="streamflix")


def test_an_external_id_that_nobody_asks_for_does_no_harm(standin, sts):
    assume(sts, make(standin, {"AWS": ACCOUNT}), ExternalId="streamflix")


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringLike": {"sts:RoleSessionName": "sess*"}}, True),
        ({"StringNotEquals": {"sts:RoleSessionName": "session"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": [OTHER, ACCOUNT]}}, True),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"}}, True),
        ({"StringEqualsIfExists": {"sts:ExternalId": "e"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
    ],
)
def test_conditions_hold_or_not(standin, sts, refused, condition, allowed):
    arn = make(standin, {"AWS": ACCOUNT}, condition=condition)
    if allowed:
        assume(sts, arn)
    else:
        refused("AccessDenied", assume, sts, arn)


def test_a_session_is_known_by_its_role(standin, client, sts):
    first = make(standin, {"AWS": ACCOUNT})
    keys = assume(sts, first)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": first}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    second = client("iam").create_role(RoleName="second", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    assume(standin.client("sts", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]), second)


def test_a_session_lasts_as_long_as_the_role_allows(standin, sts, refused):
    arn = make(standin, {"AWS": ACCOUNT})
    refused("ValidationError", assume, sts, arn, DurationSeconds=7200)
    assume(sts, arn, DurationSeconds=3600)


def test_a_web_identity_needs_a_role_that_trusts_a_provider(standin, sts, refused):
    action = "sts:AssumeRoleWithWebIdentity"
    arn = make(standin, {"Federated": f"arn:aws:iam::{OTHER}:oidc-provider/oidc.example"}, action=action)
    token = {"RoleSessionName": "session", "WebIdentityToken": "token"}
    sts.assume_role_with_web_identity(RoleArn=arn, **token)
    refused("AccessDenied", sts.assume_role_with_web_identity, RoleArn=arn + "x", **token)
    untrusting = make(standin, {"AWS": ACCOUNT}, account="333333333333")
    refused("AccessDenied", sts.assume_role_with_web_identity, RoleArn=untrusting, **token)
