//! Who it is and where it lives: names, region, account, network, tags, policy.

use serde_json::{Map, Value, json};

use super::super::case::{ABSENT, Case, Field, accepted, all, refused};
use super::long;

pub fn cases() -> Vec<Case> {
    let mut cases = vec![accepted(&[])];
    cases.extend(required());
    cases.extend(all([name(), suffix(), region(), role(), policy(), suspend()]));
    cases.extend(residency());
    cases.extend(all([block(), zones()]));
    cases.extend(tags());
    cases.extend(null());
    cases
}

fn required() -> Vec<Case> {
    let absent = || Value::from(ABSENT);
    let words = "Required value";
    vec![
        refused(&[("spec", absent())], &[("spec", words)]),
        refused(&[("spec.environmentSuffix", absent())], &[("spec.environmentSuffix", words)]),
        refused(&[("spec.region", absent())], &[("spec.region", words)]),
        refused(&[("spec.processing", absent())], &[("spec.processing", words)]),
        refused(&[("spec.processing.image", absent())], &[("spec.processing.image", words)]),
        refused(
            &[("spec.region", absent()), ("spec.processing", absent())],
            &[("spec.region", words), ("spec.processing", words)],
        ),
        accepted(&[(
            "spec",
            json!({"environmentSuffix": "a", "region": "eu-west-1", "processing": {"image": "i"}}),
        )]),
    ]
}

fn name() -> Field<'static> {
    Field::at("metadata.name").accepts([long(1), long(63), "a-1".to_owned()]).refuses_at(
        "",
        [long(64)],
        "metadata.name must have at most 63 characters",
    )
}

fn suffix() -> Field<'static> {
    let words =
        "must be lower-case letters and digits, with single hyphens between them, at most 32 characters";
    Field::at("spec.environmentSuffix")
        .accepts([long(1), long(32), "0".to_owned(), "dev-2".to_owned(), "a-b-c".to_owned()])
        .refuses([long(33)], "may not be more than 32 bytes")
        .refuses([""], "should be at least 1 chars long")
        .refuses(["", "Dev", "dev_2", "-dev", "dev-", "de--v", "dev.2", "dév", "dev\n", "d v"], words)
}

fn region() -> Field<'static> {
    Field::at("spec.region")
        .accepts(["eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2"])
        .given("spec.account.dataResidency", "None")
        .accepts(["us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-5", "eu-west-2"])
        .accepts([format!("eu-{}-1", long(27))])
        .refuses([format!("eu-{}-1", long(28))], "may not be more than 32 bytes")
        .refuses([""], "should be at least 1 chars long")
        .refuses(
            ["Ireland", "eu", "eu-west", "EU-WEST-1", "eu-west-1a", "eu_west_1"],
            "must be the code of an AWS region, such as eu-west-1",
        )
}

fn residency() -> Vec<Case> {
    let words = "account.dataResidency EU allows the regions eu-west-1, eu-west-3, eu-central-1, eu-north-1, eu-south-1, \
                 eu-south-2; for another region set it to None";
    let mut cases = Field::at("spec.account.dataResidency")
        .choice(&["EU", "None"], r#"supported values: "EU", "None""#)
        .cases;
    cases.extend(
        Field::at("spec.region").refuses_at("spec", ["us-east-1", "eu-west-2", "eu-central-2"], words).cases,
    );
    cases.push(refused(
        &[("spec.region", "us-east-1".into()), ("spec.account.dataResidency", "EU".into())],
        &[("spec", words)],
    ));
    cases
}

fn role() -> Field<'static> {
    let arn = |length: usize| {
        let head = "arn:aws:iam::123456789012:role/";
        format!("{head}{}", long(length - head.len()))
    };
    Field::at("spec.account.roleArn")
        .accepts([arn(40), arn(2048), "arn:aws-cn:iam::123456789012:role/path/a+b=c,d.e@f_g-h".to_owned()])
        .refuses([arn(2049)], "may not be more than 2048 bytes")
        .refuses(
            [
                "",
                "video",
                "arn:aws:iam::123456789012:user/video",
                "arn:aws:iam::1234:role/video",
                "arn:aws:iam::123456789012:role/",
            ],
            "must be the ARN of an IAM role: arn:aws:iam::ACCOUNT:role/NAME",
        )
}

fn policy() -> Field<'static> {
    Field::at("spec.deletionPolicy").choice(&["Delete", "Retain"], r#"supported values: "Delete", "Retain""#)
}

fn suspend() -> Field<'static> {
    Field::at("spec.suspend").switch()
}

fn block() -> Field<'static> {
    Field::at("spec.network.cidr")
        .accepts(["10.0.0.0/16", "10.255.240.0/20", "172.16.0.0/16", "172.31.240.0/20", "192.168.0.0/16"])
        .accepts(["100.64.0.0/16", "100.127.240.0/20", "192.168.128.0/17"])
        .accepts(["172.31.240.0/20", "100.127.240.0/20"])
        .refuses(["010.000.000.000/16x"], "may not be more than 18 bytes")
        .refuses(
            ["", "10.0.0.0", "ten", "fd00::/16", "10.0.0.0/33", "10.0.0/16", "10.00.0.0/16"],
            "must be an IPv4 block such as 10.0.0.0/16",
        )
        .refuses(
            ["10.0.0.0/15", "10.0.0.0/8", "10.0.0.0/21", "10.0.0.0/28"],
            "must have a size of /16 to /20",
        )
        .refuses(["10.0.0.1/16", "192.168.1.0/20"], "must be written with its network address")
        .refuses(
            [
                "11.0.0.0/16",
                "172.32.0.0/16",
                "172.15.0.0/16",
                "192.169.0.0/16",
                "100.128.0.0/16",
                "8.8.0.0/16",
            ],
            "must be within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
        )
}

fn zones() -> Field<'static> {
    Field::at("spec.network.availabilityZones").range(2, 3)
}

fn tags() -> Vec<Case> {
    let many = |count: usize| {
        Value::Object((0..count).map(|n| (format!("tag-{n}"), Value::from("value"))).collect::<Map<_, _>>())
    };
    let key = |key: &str| json!({key: "value"});
    let reserved =
        "the tags Name, aws:… and streamflix.io/… are set by AWS or the operator; choose other keys";
    let whole = Field::at("spec.tags")
        .accepts([
            json!({}),
            many(40),
            key("a"),
            key(&long(128)),
            key("näme 1_.:/=+-@"),
            key("name"),
            key("AWS"),
            key("awsome"),
        ])
        .refuses([many(41)], "must have at most 40 items")
        .refuses([key(""), key(&long(129))], "a tag's key has 1 to 128 characters")
        .refuses(
            [key("a#b"), key("a*"), key("a\"b"), key("a,b")],
            "a tag's key has letters, digits, spaces and _ . : / = + - @",
        )
        .refuses([key("aws:cost"), key("streamflix.io/owner"), key("Name")], reserved);
    let value = Field::at("spec.tags.team")
        .accepts([String::new(), long(256), "Ünïcode 1_.:/=+-@".to_owned()])
        .refuses([long(257)], "may not be more than 256 bytes")
        .refuses(["a#b", "a*", "a,b", "tab\there"], "should match '");
    all([whole, value])
}

/// An empty field in a file is null: what has a default gets it, what is optional is absent, what is needed is missing.
fn null() -> Vec<Case> {
    let mut cases: Vec<_> =
        ["network", "account", "database", "monitoring", "tags", "deletionPolicy", "suspend"]
            .map(|field| accepted(&[(&format!("spec.{field}"), Value::Null)]))
            .into();
    cases.extend(Field::at("spec.database.kmsKeyId").accepts([Value::Null]).cases);
    cases.extend(Field::at("spec.processing.autoscaling").accepts([Value::Null]).cases);
    cases.extend(Field::at("spec.processing.command").accepts([Value::Null]).cases);
    cases.extend(Field::at("spec.processing").refuses([Value::Null], "Required value").cases);
    cases.extend(Field::at("spec.region").refuses([Value::Null], "Required value").cases);
    cases
}
