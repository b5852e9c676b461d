//! What others have in the account: under names that are almost ours, and with tags that are almost ours. Nothing of it
//! may ever change.

use std::collections::BTreeMap;

use serde_json::json;

use super::account::Account;

/// A key of the account, which an environment may be told to use.
pub const KEY: &str = "alias/video";
/// The owner of another environment.
const OWNER: &str = "elsewhere/media/dev";

/// Lets strangers settle in an account that is empty.
pub async fn settle(account: &Account) {
    let tagged = |type_: &'static str| {
        [
            ("TagSpecification.1.ResourceType", type_),
            ("TagSpecification.1.Tag.1.Key", "streamflix.io/owner"),
            ("TagSpecification.1.Tag.1.Value", OWNER),
            ("TagSpecification.1.Tag.2.Key", "Name"),
            ("TagSpecification.1.Tag.2.Value", "video-processing-vpc-dev2"),
        ]
    };
    let fields = [&[("CidrBlock", "10.0.0.0/16")][..], &tagged("vpc")].concat();
    account.form("ec2:CreateVpc", &fields).await;
    account.form("ec2:CreateInternetGateway", &tagged("internet-gateway")).await;
    let group =
        json!({ "logGroupName": "/ecs/video-processing-dev2", "tags": { "streamflix.io/owner": OWNER } });
    account.json("logs:CreateLogGroup", group).await;
    let queue =
        json!({ "QueueName": "video-processing-jobs-dev2", "tags": { "streamflix.io/owner": OWNER } });
    account.json("sqs:CreateQueue", queue).await;
    let key = account.json("kms:CreateKey", json!({})).await["KeyMetadata"]["KeyId"].clone();
    account.json("kms:CreateAlias", json!({ "AliasName": KEY, "TargetKeyId": key })).await;
}

/// Changes what stands there, as people do who do not know whose it is: of most kinds one is deleted or changed.
pub async fn meddle(account: &Account, ids: &BTreeMap<String, String>) {
    let id = |address: &str| ids.iter().find(|(_, at)| *at == address).map_or("", |(id, _)| id.as_str());
    account
        .form(
            "ec2:DeleteRoute",
            &[("RouteTableId", id("network/public-route-table")), ("DestinationCidrBlock", "0.0.0.0/0")],
        )
        .await;
    account
        .form(
            "ec2:ModifyVpcAttribute",
            &[("VpcId", id("network/vpc")), ("EnableDnsHostnames.Value", "false")],
        )
        .await;
    account
        .form(
            "ec2:AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", id("network/database-security-group")),
                ("IpPermissions.1.IpProtocol", "tcp"),
                ("IpPermissions.1.FromPort", "22"),
                ("IpPermissions.1.ToPort", "22"),
                ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
            ],
        )
        .await;
    account
        .form("cloudwatch:DeleteAlarms", &[("AlarmNames.member.1", "video-processing-dlq-alarm-dev")])
        .await;
    account
        .form(
            "iam:DeleteRolePolicy",
            &[
                ("RoleName", "video-processing-task-role-dev"),
                ("PolicyName", "video-processing-task-policy-dev"),
            ],
        )
        .await;
    account
        .form(
            "rds:DeleteDBInstance",
            &[("DBInstanceIdentifier", "video-metadata-instance-2-dev"), ("SkipFinalSnapshot", "true")],
        )
        .await;
    let group = json!({ "logGroupName": "/ecs/video-processing-dev", "retentionInDays": 1 });
    account.json("logs:PutRetentionPolicy", group).await;
    let stream = json!({ "StreamName": "video-ingestion-stream-dev", "RetentionPeriodHours": 48 });
    account.json("kinesis:IncreaseStreamRetentionPeriod", stream).await;
    account
        .json(
            "ecs:UpdateService",
            json!({
                "cluster": "video-processing-cluster-dev", "service": "video-processing-service-dev",
                "deploymentConfiguration": { "maximumPercent": 150, "minimumHealthyPercent": 50 },
            }),
        )
        .await;
    account
        .json(
            "application-autoscaling:DeleteScalingPolicy",
            json!({
                "PolicyName": "cpu-target-tracking", "ServiceNamespace": "ecs",
                "ResourceId": "service/video-processing-cluster-dev/video-processing-service-dev",
                "ScalableDimension": "ecs:service:DesiredCount",
            }),
        )
        .await;
}
