//! What others have in the account: under names that are almost ours, and with tags that are almost ours. Nothing of it
//! may ever change.

use serde_json::json;

use super::account::Account;

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
}
