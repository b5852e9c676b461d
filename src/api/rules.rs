//! Admission rules that are made from a table, so that the table has one place.

use kube::core::{Message, Rule};

use super::{EU_REGIONS, INJECTED_ENVIRONMENT, RESERVED_PREFIX};

/// Fargate's task sizes: CPU units, smallest and largest memory in MiB, and the step between (512 MiB
/// stands beside the steps of the smallest size).
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html>
pub const FARGATE_SIZES: [(i32, i32, i32, i32); 7] = [
    (256, 512, 2048, 1024),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// Words that PostgreSQL does not accept as the name of a database or role without quotes.
///
/// <https://www.postgresql.org/docs/16/sql-keywords-appendix.html>, and the names that Aurora uses itself.
pub const RESERVED_DATABASE_WORDS: &[&str] = &[
    "admin",
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "public",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "template0",
    "template1",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// A whole or half number. The schema's own `multipleOf` is not of use: Kubernetes checks a whole number such as 1 in whole
/// numbers, where half a step is none.
pub fn half_steps() -> Rule {
    Rule::new("double(int(double(self) * 2.0)) == double(self) * 2.0").message("must be a multiple of 0.5")
}

/// `self.cpu` and `self.memory` are a pair that Fargate offers; the message says what the CPU allows.
pub fn fargate_size() -> Rule {
    let pair = |(cpu, min, max, step): &(i32, i32, i32, i32)| {
        let smallest = if min % step == 0 { String::new() } else { format!("self.memory == {min} || ") };
        format!(
            "(self.cpu == {cpu} && ({smallest}(self.memory >= {min} && self.memory <= {max} && self.memory % {step} == 0)))"
        )
    };
    let allowed = |(cpu, min, max, step): &(i32, i32, i32, i32)| {
        let text = match min % step {
            0 => format!("{min} to {max} MiB in steps of {step}"),
            _ => format!("{min} MiB, or {step} to {max} MiB in steps of {step}"),
        };
        format!("self.cpu == {cpu} ? 'cpu {cpu} allows a memory of {text}' : ")
    };
    let rule = FARGATE_SIZES.iter().map(pair).collect::<Vec<_>>().join(" || ");
    let message = FARGATE_SIZES.iter().map(allowed).collect::<String>();
    Rule::new(rule)
        .message(Message::Expression(format!("{message}'cpu and memory are not a pair that Fargate offers'")))
}

/// `self.region` is in the European Union when the pipeline's data must stay there.
pub fn data_residency() -> Rule {
    Rule::new(format!("self.account.dataResidency != 'EU' || self.region in {}", cel_list(&EU_REGIONS)))
        .message(
            format!(
                "account.dataResidency EU allows the regions {}; for another region set it to None",
                EU_REGIONS.join(", ")
            )
            .as_str(),
        )
}

/// `self` has no tags that AWS or the operator sets itself.
pub fn tags_not_reserved() -> Rule {
    Rule::new(format!(
        "self.all(key, !key.startsWith('aws:') && !key.startsWith('{RESERVED_PREFIX}') && key != 'Name')"
    ))
    .message(
        format!(
            "the tags Name, aws:… and {RESERVED_PREFIX}… are set by AWS or the operator; choose other keys"
        )
        .as_str(),
    )
}

/// `self` is a variable that the operator does not set itself.
pub fn not_injected() -> Rule {
    Rule::new(format!("!(self in {})", cel_list(&INJECTED_ENVIRONMENT))).message(
        format!("the operator sets {}; choose another name", INJECTED_ENVIRONMENT.join(", ")).as_str(),
    )
}

/// `self` names a database or a role without quotes.
pub fn not_reserved_in_postgresql() -> Rule {
    Rule::new(format!(
        "!(self in {}) && !self.startsWith('pg_') && !self.startsWith('rds')",
        cel_list(RESERVED_DATABASE_WORDS)
    ))
    .message("is a reserved word of PostgreSQL or Aurora, or begins with pg_ or rds; choose another name")
}

/// `self` is a KMS key or alias: key id, alias, or the ARN of either.
pub fn kms_key() -> Rule {
    Rule::new(
        "self.matches('^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:)?(key/(mrk-)?[0-9a-f-]{32,36}|alias/[a-zA-Z0-9/_-]+)$') \
         || self.matches('^(mrk-)?[0-9a-f-]{32,36}$')",
    )
    .message("must be a KMS key id, an alias (alias/NAME), or the ARN of a key or an alias")
}

/// The ARN in the optional field at `path`, where it is one, names the pipeline's region.
pub fn same_region(parent: &str, field: &str, service: &str) -> Rule {
    let path = format!("self.{parent}.{field}");
    Rule::new(format!(
        "!has({path}) || !{path}.startsWith('arn:') || {path}.contains(':{service}:' + self.region + ':')"
    ))
    .message(format!("{parent}.{field} must be in the region of the pipeline").as_str())
    .field_path(format!(".{parent}.{field}"))
}

fn cel_list(items: &[&str]) -> String {
    format!("[{}]", items.iter().map(|item| format!("'{item}'")).collect::<Vec<_>>().join(", "))
}
