//! The service and its container.

use serde_json::{Value, json};

use super::super::case::{ABSENT, Case, Field, accepted, all, refused};
use super::long;

pub fn cases() -> Vec<Case> {
    let mut cases = all(fields());
    cases.extend(sizes());
    cases.extend(environment());
    cases.extend(autoscaling());
    cases.extend(insights());
    cases
}

fn fields() -> Vec<Field<'static>> {
    vec![
        Field::at("spec.processing.image")
            .accepts([long(1), long(512), "registry.example:5000/a/b@sha256:0123".to_owned()])
            .refuses([""], "should be at least 1 chars long")
            .refuses([long(513)], "may not be more than 512 bytes")
            .refuses([" ", "a b", "a\nb", "a\tb", "a\r"], "must be an image reference without white space"),
        Field::at("spec.processing.command")
            .accepts([json!([]), json!(vec!["word"; 64]), json!([long(4096)]), json!(["same", "same", ""])])
            .refuses([json!(vec!["word"; 65])], "must have at most 64 items")
            .refuses_at(
                "spec.processing.command[1]",
                [json!(["a", long(4097)])],
                "may not be more than 4096 bytes",
            )
            .refuses_at("spec.processing.command[0]", [json!([Value::Null])], "must be of type string"),
        Field::at("spec.processing.desiredCount").range(0, 5000),
        Field::at("spec.processing.stopTimeoutSeconds").range(2, 120),
        Field::at("spec.processing.containerInsights").accepts([true]),
    ]
}

/// Fargate's pairs of CPU and memory, as its documentation lists them.
fn sizes() -> Vec<Case> {
    // CPU; memory that is offered with it; memory that is not; what is said then.
    type Size = (i32, &'static [i32], &'static [i32], &'static str);
    const SIZES: [Size; 7] = [
        (
            256,
            &[512, 1024, 2048],
            &[768, 1536, 3072],
            "cpu 256 allows a memory of 512 MiB, or 1024 to 2048 MiB in steps of 1024",
        ),
        (
            512,
            &[1024, 2048, 4096],
            &[512, 1536, 5120],
            "cpu 512 allows a memory of 1024 to 4096 MiB in steps of 1024",
        ),
        (
            1024,
            &[2048, 3072, 8192],
            &[1024, 2560, 9216],
            "cpu 1024 allows a memory of 2048 to 8192 MiB in steps of 1024",
        ),
        (
            2048,
            &[4096, 5120, 16384],
            &[3072, 4608, 17408],
            "cpu 2048 allows a memory of 4096 to 16384 MiB in steps of 1024",
        ),
        (
            4096,
            &[8192, 9216, 30720],
            &[7168, 8704, 31744],
            "cpu 4096 allows a memory of 8192 to 30720 MiB in steps of 1024",
        ),
        (
            8192,
            &[16384, 20480, 61440],
            &[15360, 17408, 65536],
            "cpu 8192 allows a memory of 16384 to 61440 MiB in steps of 4096",
        ),
        (
            16384,
            &[32768, 40960, 122_880],
            &[24576, 36864, 61440],
            "cpu 16384 allows a memory of 32768 to 122880 MiB in steps of 8192",
        ),
    ];
    let (cpu, memory, parent) = ("spec.processing.cpu", "spec.processing.memory", "spec.processing");
    let mut cases = all(SIZES.map(|(units, offered, other, words)| {
        Field::at(memory).given(cpu, units).accepts(offered.iter().copied()).refuses_at(
            parent,
            other.iter().copied(),
            words,
        )
    }));
    let pair = |units: i32, mib: i32| [(cpu, units.into()), (memory, mib.into())];
    let words = "supported values: \"256\", \"512\", \"1024\", \"2048\", \"4096\", \"8192\", \"16384\"";
    cases.push(refused(&pair(1000, 2048), &[(cpu, words)]));
    cases.push(refused(
        &pair(256, 511),
        &[(memory, "greater than or equal to 512"), (parent, "cpu 256 allows")],
    ));
    cases.push(refused(
        &pair(16384, 122_881),
        &[(memory, "less than or equal to 122880"), (parent, "cpu 16384 allows")],
    ));
    // Half of the pair alone stands beside the other's default.
    cases.push(refused(&[(cpu, 4096.into())], &[(parent, "cpu 4096 allows a memory of 8192 to 30720 MiB")]));
    cases
}

fn environment() -> Vec<Case> {
    const RESERVED: [&str; 13] = [
        "AWS_REGION",
        "ENVIRONMENT",
        "KINESIS_STREAM_NAME",
        "KINESIS_STREAM_ARN",
        "JOB_QUEUE_URL",
        "DEAD_LETTER_QUEUE_URL",
        "DATABASE_HOST",
        "DATABASE_READER_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_SECRET_ARN",
        "DATABASE_USERNAME",
        "DATABASE_PASSWORD",
    ];
    let named = |name: &str| json!([{"name": name, "value": "x"}]);
    let many =
        |count: usize| (0..count).map(|n| json!({"name": format!("V{n}"), "value": ""})).collect::<Vec<_>>();
    let name = "spec.processing.environment[0].name";
    let value = |length: usize| json!([{"name": "A", "value": long(length)}]);
    let list = Field::at("spec.processing.environment")
        .accepts([json!([]), many(100).into(), named("a"), named("_"), named("A_1"), named(&long(255))])
        .accepts([named("AWS_REGIONS"), named("aws_region"), value(4096)])
        .refuses([Value::from(many(101))], "must have at most 100 items")
        .refuses_at(
            "spec.processing.environment[1]",
            [json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])],
            "Duplicate value",
        )
        .refuses_at("spec.processing.environment[0].value", [value(4097)], "may not be more than 4096 bytes")
        .refuses_at("spec.processing.environment[0].value", [json!([{"name": "A"}])], "Required value")
        .refuses_at(name, [json!([{"value": "x"}])], "Required value")
        .refuses_at(name, [named("")], "should be at least 1 chars long")
        .refuses_at(name, [named(&long(256))], "may not be more than 255 bytes")
        .refuses_at(
            name,
            ["", "1A", "A-B", "A.B", "Ä", "A B"].map(named),
            "must be letters, digits and underscores, and not begin with a digit",
        );
    let mut cases = list.cases;
    for reserved in RESERVED {
        cases.extend(
            Field::at("spec.processing.environment")
                .refuses_at(name, [named(reserved)], "the operator sets AWS_REGION, ENVIRONMENT, ")
                .cases,
        );
    }
    cases
}

fn autoscaling() -> Vec<Case> {
    let (min, max) = ("spec.processing.autoscaling.minCount", "spec.processing.autoscaling.maxCount");
    let order = ("spec.processing.autoscaling", "minCount must be at most maxCount");
    let mut cases = all([
        Field::at("spec.processing.autoscaling").accepts([json!({}), json!({"maxCount": 1})]),
        Field::at("spec.processing.autoscaling.cpuTargetPercent").range(1, 100),
        Field::at(max).accepts([1, 5000]).refuses([5001], "less than or equal to 5000"),
        Field::at(min).given(max, 5000).accepts([1, 5000]).refuses([0], "greater than or equal to 1"),
        Field::at(min).given(max, 3).accepts([3]).refuses_at(order.0, [4], order.1),
        // Against the default of the other.
        Field::at(min).accepts([4]).refuses_at(order.0, [5], order.1),
    ]);
    cases.push(refused(
        &[(min, 5001.into()), (max, 5000.into())],
        &[(min, "less than or equal to 5000"), order],
    ));
    cases.push(refused(&[(max, 0.into())], &[(max, "greater than or equal to 1"), order]));
    // Ignored, not refused.
    cases.push(accepted(&[(min, 2.into()), ("spec.processing.desiredCount", 0.into())]));
    cases
}

/// The alarm on running tasks reads a metric of Container Insights.
fn insights() -> Vec<Case> {
    let insights = "spec.processing.containerInsights";
    let alarm = "spec.monitoring.alarms.runningTasks";
    let words = "set processing.containerInsights to true or monitoring.alarms.runningTasks.enabled to false";
    vec![
        refused(&[(insights, false.into())], &[("spec", words)]),
        refused(&[(insights, false.into()), (alarm, json!({"enabled": true}))], &[("spec", words)]),
        refused(&[(insights, false.into()), (alarm, json!({}))], &[("spec", words)]),
        accepted(&[(insights, false.into()), (alarm, json!({"enabled": false}))]),
        accepted(&[(insights, true.into()), (alarm, json!({"enabled": true}))]),
        accepted(&[(insights, ABSENT.into()), ("spec.monitoring", json!({}))]),
    ]
}
