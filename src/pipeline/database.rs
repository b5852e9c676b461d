//! The database and its master user.

use std::{cmp::Ordering, collections::BTreeSet, fmt, str::FromStr};

use crate::api::spec::{self, LogExport};

use super::{EngineFacts, Facts, Found, Invalid, RunningEngine};

/// The database and its master user.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// Name of the database.
    pub name: String,
    /// Name of the master user.
    pub username: String,
    /// Days between two rotations of its password.
    pub rotation_days: i32,
    /// Version of the engine: the one asked for, or a newer minor of it that runs already, because AWS cannot go back.
    pub engine: EngineVersion,
    /// Newer minors of the same major, in ascending order: worth a note, never a change.
    pub newer_minors: Vec<EngineVersion>,
    /// Least capacity of an instance in ACU.
    pub min_acu: f64,
    /// Greatest capacity of an instance in ACU.
    pub max_acu: f64,
    /// Number of instances; the first is the writer.
    pub instances: u8,
    /// KMS key, or none for the one that AWS manages.
    pub kms_key_id: Option<String>,
    /// Days for which automatic backups are kept.
    pub backup_retention_days: i32,
    /// Whether AWS refuses to delete the cluster.
    pub deletion_protection: bool,
    /// Whether a snapshot is taken before the cluster is deleted.
    pub final_snapshot: bool,
    /// Logs written to CloudWatch Logs.
    pub log_exports: BTreeSet<LogExport>,
}

/// A version of Aurora PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EngineVersion {
    /// The major, which names the parameter group's family: `aurora-postgresql16`.
    pub major: u16,
    /// The minor.
    pub minor: u16,
}

impl FromStr for EngineVersion {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts =
            text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let (major, minor) = parts.ok_or_else(|| {
            Invalid::new(
                "spec.database.engineVersion",
                format!("{text:?} is not a version as MAJOR.MINOR"),
                "use a version such as 16.8",
            )
        })?;
        Ok(Self { major, minor })
    }
}

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Database {
    pub(super) fn new(
        spec: &spec::Database,
        credentials: &spec::Credentials,
        facts: &Facts,
    ) -> Result<Self, Vec<Invalid>> {
        let engine: EngineVersion = spec.engine_version.parse().map_err(|invalid| vec![invalid])?;
        let offered: BTreeSet<EngineVersion> =
            facts.engine.versions.iter().filter_map(|version| version.parse().ok()).collect();
        let running = facts.running_engine.version().and_then(|version| version.parse().ok());
        let running = running.filter(|r: &EngineVersion| r.major == engine.major && *r >= engine);
        let limits_hold = match running {
            // AWS goes on running a version that it offers to nobody any more, and each version has limits of its own.
            Some(running) => running == engine && offered.contains(&engine),
            None => facts.running_engine != RunningEngine::Unread,
        };
        let found = if limits_hold { check(spec, engine, &offered, facts) } else { Found::default() };
        let engine = running.unwrap_or(engine);
        found.into_result(Self {
            name: spec.name.clone(),
            username: credentials.username.clone(),
            rotation_days: credentials.rotation_days,
            engine,
            newer_minors: offered.into_iter().filter(|o| o.major == engine.major && *o > engine).collect(),
            min_acu: spec.min_acu,
            max_acu: spec.max_acu,
            instances: u8::try_from(spec.instances).unwrap_or(1),
            kms_key_id: spec.kms_key_id.clone(),
            backup_retention_days: spec.backup_retention_days,
            deletion_protection: spec.deletion_protection,
            final_snapshot: spec.final_snapshot,
            log_exports: spec.log_exports.clone(),
        })
    }
}

fn check(
    spec: &spec::Database,
    engine: EngineVersion,
    offered: &BTreeSet<EngineVersion>,
    facts: &Facts,
) -> Found {
    let mut found = Found::default();
    if facts.zones.is_empty() {
        // Said of the region already; nothing can be known of an engine there.
        return found;
    }
    if !offered.contains(&engine) {
        let versions = offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        found.add(true, || match versions.as_str() {
            "" => Invalid::new(
                "spec.database.engineVersion",
                format!("AWS offers no Aurora PostgreSQL {} in this region", engine.major),
                "choose another major, such as 16.8",
            ),
            versions => Invalid::new(
                "spec.database.engineVersion",
                format!("AWS does not offer Aurora PostgreSQL {engine} in this region"),
                format!("choose one of {versions}"),
            ),
        });
        return found;
    }
    let EngineFacts { min_acu, max_acu, .. } = facts.engine;
    for (field, acu) in [("minAcu", spec.min_acu), ("maxAcu", spec.max_acu)] {
        let within = acu.partial_cmp(&min_acu) != Some(Ordering::Less)
            && acu.partial_cmp(&max_acu) != Some(Ordering::Greater);
        found.add(!within, || {
            Invalid::new(
                format!("spec.database.{field}"),
                format!("is {acu}, and Aurora PostgreSQL {engine} allows {min_acu} to {max_acu} ACU"),
                "choose a capacity within these limits, or a newer engineVersion",
            )
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The database of `version` and up to `max_acu`, where AWS offers 16.6, with at most 128 ACU, and 16.9.
    fn database(version: &str, max_acu: f64, running: RunningEngine) -> Result<Database, Vec<Invalid>> {
        let spec = spec::Database { engine_version: version.into(), max_acu, ..spec::Database::default() };
        let offered = ["16.6", "16.9"].contains(&version);
        let facts = Facts {
            account_id: "123456789012".into(),
            partition: "aws".into(),
            zones: vec!["eu-west-1a".into(), "eu-west-1b".into()],
            engine: EngineFacts {
                versions: vec!["16.6".into(), "16.9".into()],
                min_acu: 0.0,
                max_acu: if offered { 128.0 } else { 0.0 },
            },
            running_engine: running,
        };
        Database::new(&spec, &spec::Credentials::default(), &facts)
    }

    fn running(version: &str) -> RunningEngine {
        RunningEngine::Version(version.into())
    }

    #[test]
    fn a_version_that_aws_offers_no_more_goes_on_running() {
        let engine = |wanted: &str, running| database(wanted, 1.0, running).map(|it| it.engine.to_string());
        assert_eq!(engine("16.3", running("16.3")).as_deref(), Ok("16.3"));
        assert_eq!(engine("16.3", running("16.4")).as_deref(), Ok("16.4"));
        assert_eq!(engine("16.6", running("16.9")).as_deref(), Ok("16.9"));
        // It may be running.
        assert_eq!(engine("16.3", RunningEngine::Unread).as_deref(), Ok("16.3"));
        let newer = database("16.3", 1.0, running("16.4")).unwrap().newer_minors;
        assert_eq!(newer.iter().map(ToString::to_string).collect::<Vec<_>>(), ["16.6", "16.9"]);
    }

    #[test]
    fn a_version_that_aws_does_not_offer_is_not_made_and_not_upgraded_to() {
        let refused = |wanted: &str, running| database(wanted, 1.0, running).unwrap_err()[0].field.clone();
        for has in [RunningEngine::Nothing, running("16.2"), running("15.12")] {
            assert_eq!(refused("16.3", has), "spec.database.engineVersion");
        }
    }

    #[test]
    fn capacity_keeps_to_the_limits_of_the_version_that_will_run() {
        let fields = |version: &str, running| {
            let refused = database(version, 256.0, running).err().unwrap_or_default();
            refused.into_iter().map(|invalid| invalid.field).collect::<Vec<_>>()
        };
        assert_eq!(fields("16.6", RunningEngine::Nothing), ["spec.database.maxAcu"]);
        assert_eq!(fields("16.6", running("16.6")), ["spec.database.maxAcu"]);
        assert_eq!(fields("16.9", running("16.6")), ["spec.database.maxAcu"]);
        // Nobody asked for the limits of these.
        assert_eq!(fields("16.6", running("16.9")), Vec::<String>::new());
        assert_eq!(fields("16.3", running("16.3")), Vec::<String>::new());
    }
}
