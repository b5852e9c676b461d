"""The mends of IAM."""

import json
import urllib.parse
import urllib.request

import pytest

SERVICE = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]})


def trust(statement=SERVICE):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(client):
    return client("iam")


def test_the_report_of_an_account_shows_roles_with_all_they_have(iam):
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=EVERYTHING)["Policy"]["Arn"]
    attached = iam.create_policy(PolicyName="a", PolicyDocument=EVERYTHING)["Policy"]["Arn"]
    iam.create_role(
        RoleName="r",
        Path="/video-pipeline/",
        AssumeRolePolicyDocument=trust(),
        PermissionsBoundary=boundary,
        Tags=[{"Key": "k", "Value": "v"}],
    )
    iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=EVERYTHING)
    iam.attach_role_policy(RoleName="r", PolicyArn=attached)
    report = iam.get_account_authorization_details(Filter=["Role"])
    assert (report["UserDetailList"], report["GroupDetailList"], report["Policies"], report["IsTruncated"]) == ([], [], [], False)
    [role] = report["RoleDetailList"]
    assert (role["Path"], role["Arn"]) == ("/video-pipeline/", "arn:aws:iam::123456789012:role/video-pipeline/r")
    assert role["AssumeRolePolicyDocument"] == json.loads(trust())
    assert role["RolePolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(EVERYTHING)}]
    assert role["AttachedManagedPolicies"] == [{"PolicyName": "a", "PolicyArn": attached}]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert role["Tags"] == [{"Key": "k", "Value": "v"}]


@pytest.mark.parametrize("action", ["GetAccountAuthorizationDetails", "ListRoles"])
def test_trust_policies_come_url_encoded(standin, iam, action):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    scope = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/iam/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    body = urllib.parse.urlencode({"Action": action, "Version": "2010-05-08"}).encode()
    with urllib.request.urlopen(urllib.request.Request(standin.endpoint, data=body, headers=headers)) as answer:
        text = answer.read().decode()
    document = text.split("<AssumeRolePolicyDocument>")[1].split("<")[0]
    assert document.startswith("%7B%22")
    assert json.loads(urllib.parse.unquote(document)) == json.loads(trust())


def test_the_report_of_an_account_comes_in_pages(iam, refused):
    names = [f"r{i:03}" for i in range(120)]
    for name in names:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    first = iam.get_account_authorization_details(Filter=["Role"])
    assert (len(first["RoleDetailList"]), first["IsTruncated"]) == (100, True)
    rest = iam.get_account_authorization_details(Filter=["Role"], Marker=first["Marker"])
    assert [role["RoleName"] for role in first["RoleDetailList"] + rest["RoleDetailList"]] == names
    assert (rest["IsTruncated"], "Marker" in rest) == (False, False)
    assert len(iam.get_account_authorization_details(Filter=["Role"], MaxItems=1000)["RoleDetailList"]) == 120
    refused("ValidationError", iam.get_account_authorization_details, MaxItems=1001)
    refused("ValidationError", iam.get_account_authorization_details, Marker="mine")


@pytest.mark.parametrize(
    "document",
    [
        "no JSON",
        "{}",
        trust({"Effect": "Allow", "Action": "sts:AssumeRole"}),
        trust(SERVICE | {"Resource": "*"}),
        trust(SERVICE | {"Action": "sqs:SendMessage"}),
        trust(SERVICE | {"Principal": {"Service": "ecs-tasks"}}),
    ],
)
def test_a_malformed_trust_policy_is_refused(iam, refused, document):
    refused("MalformedPolicyDocument", iam.create_role, RoleName="r", AssumeRolePolicyDocument=document)
    conditional = SERVICE | {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(conditional))
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName="r", PolicyDocument=document)


def test_a_policy_in_use_is_kept(iam, refused):
    policy = iam.create_policy(PolicyName="p", PolicyDocument=EVERYTHING)["Policy"]["Arn"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    iam.detach_role_policy(RoleName="r", PolicyArn=policy)
    version = iam.create_policy_version(PolicyArn=policy, PolicyDocument=EVERYTHING)["PolicyVersion"]["VersionId"]
    refused("DeleteConflict", iam.delete_policy, PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId=version)
    iam.delete_policy(PolicyArn=policy)


def test_a_new_role_cannot_be_assumed_for_a_while(standin, client, iam, refused):
    standin.durations(iam__role__propagate=30)
    document = trust(SERVICE | {"Principal": {"AWS": "123456789012"}})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    refused("AccessDenied", client("sts").assume_role, RoleArn=role, RoleSessionName="session")
    standin.elapse(31)
    client("sts").assume_role(RoleArn=role, RoleSessionName="session")


def test_the_policies_of_a_role_have_a_size(iam, refused):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    allow = {"Effect": "Allow", "Action": "sqs:*", "Resource": ["arn:aws:sqs:eu-west-1:123456789012:" + "q" * 80] * 50}
    document = {"RoleName": "r", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [allow]}, indent=80)}
    iam.put_role_policy(**document, PolicyName="first")
    iam.put_role_policy(**document, PolicyName="first")
    refused("LimitExceeded", iam.put_role_policy, **document, PolicyName="second")
    trusting = trust(SERVICE | {"Sid": "s" * 2048})
    refused("LimitExceeded", iam.update_assume_role_policy, RoleName="r", PolicyDocument=trusting)
    refused("LimitExceeded", iam.create_role, RoleName="s", AssumeRolePolicyDocument=trusting)
