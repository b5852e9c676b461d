//! Nothing that AWS can be told is forgotten: `members.yaml` says of each member of each call that makes, changes or removes
//! something what becomes of it, and AWS's own models say which there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::AnyKind;
use video_pipeline_operator::kinds::KINDS;

use super::sources;

/// What becomes of the members of one operation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fates {
    compared: BTreeMap<String, String>,
    once: BTreeMap<String, String>,
    /// Members and their values.
    pub fixed: BTreeMap<String, Value>,
    names: Vec<String>,
    exempt: BTreeMap<String, Vec<String>>,
}

impl Fates {
    fn members(&self) -> impl Iterator<Item = &String> {
        self.said().chain(self.exempt.values().flatten())
    }

    /// The members that may be sent.
    pub fn said(&self) -> impl Iterator<Item = &String> {
        let by_fields = self.compared.keys().chain(self.once.keys());
        by_fields.chain(self.fixed.keys()).chain(&self.names)
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        self.compared.values().flat_map(|fields| fields.split(", "))
    }
}

/// What becomes of the members, by operation.
pub type Table = BTreeMap<String, Fates>;

/// The operations that kinds call to make, change or remove something.
fn called() -> BTreeSet<&'static str> {
    let actions = KINDS.iter().flat_map(|kind| kind.actions());
    actions
        .filter(|action| action.implied_by.is_none() && !action.looks())
        .map(|action| action.name)
        .collect()
}

/// The fields that the kinds say are used only when the object is made, as `role.description`.
fn at_creation() -> BTreeSet<String> {
    let fields = |kind: &&'static dyn AnyKind<Aws>| {
        let name = kind.name();
        kind.at_creation().iter().map(move |field| format!("{name}.{field}"))
    };
    KINDS.iter().flat_map(fields).collect()
}

/// The fields of every kind's spec, as `vpc.cidr`; those that nothing compares are left out.
pub fn fields() -> BTreeSet<String> {
    let name = Regex::new(r#"const NAME: &'static str = "(\w+)";"#).unwrap();
    let spec = Regex::new(r"(?s)pub struct \w+Spec \{(.*?)\n\}").unwrap();
    let field = Regex::new(r"(?m)^    pub (\w+):").unwrap();
    let mut fields = BTreeSet::new();
    for source in sources::all().iter().filter(|source| source.path.starts_with("kinds/")) {
        let text: String = source.code.iter().map(|(_, line)| format!("{line}\n")).collect();
        let (Some(name), Some(spec)) = (name.captures(&text), spec.captures(&text)) else { continue };
        let kind = KINDS.iter().find(|kind| *kind.name() == name[1]).unwrap();
        let in_camel_case = field.captures_iter(&spec[1]).map(|field| camel_case(&field[1]));
        let compared = in_camel_case.filter(|field| !kind.at_creation().contains(&field.as_str()));
        fields.extend(compared.map(|field| format!("{}.{field}", &name[1])));
    }
    fields
}

fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

/// What is wrong with the table: of the operations that are called, given their members, and the fields that there are.
fn faults(
    table: &Table,
    models: &BTreeMap<String, Value>,
    fields: &BTreeSet<String>,
    at_creation: &BTreeSet<String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let called: BTreeSet<_> = models.keys().collect();
    let written: BTreeSet<_> = table.keys().collect();
    faults.extend(called.difference(&written).map(|action| format!("{action} is missing")));
    faults.extend(written.difference(&called).map(|action| format!("{action} is not called")));
    for (action, fates) in table {
        let Some(model) = models.get(action) else { continue };
        let members: BTreeSet<&str> = fates.members().map(String::as_str).collect();
        if members.len() < fates.members().count() {
            faults.push(format!("{action}: something is said twice"));
        }
        let unsaid = unsaid("", model, &members);
        faults.extend(unsaid.iter().map(|member| format!("{action}: {member} is missing")));
        let unknown = members.iter().filter(|member| !is_member(member, model));
        faults.extend(unknown.map(|member| format!("{action}: there is no {member}")));
        let wrong = fates.fields().filter(|field| !fields.contains(*field));
        faults.extend(wrong.map(|field| format!("{action}: {field} is compared nowhere")));
        let wrong = fates.once.values().filter(|field| !at_creation.contains(*field));
        faults.extend(wrong.map(|field| format!("{action}: {field} is not only for new objects")));
    }
    let used: BTreeSet<&str> = table.values().flat_map(Fates::fields).collect();
    let unused = fields.iter().filter(|field| !used.contains(field.as_str()));
    faults.extend(unused.map(|field| format!("{field} reaches AWS in no call")));
    faults
}

/// Members of which neither themselves nor all of their parts are in the table.
fn unsaid(path: &str, model: &Value, table: &BTreeSet<&str>) -> Vec<String> {
    let members = model.as_object().into_iter().flatten();
    let of_one = |(name, parts): (&String, &Value)| {
        let member = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let in_parts = format!("{member}.");
        match table.contains(member.as_str()) {
            true => Vec::new(),
            false if table.iter().any(|said| said.starts_with(&in_parts)) => unsaid(&member, parts, table),
            false => vec![member],
        }
    };
    members.flat_map(of_one).collect()
}

fn is_member(member: &str, model: &Value) -> bool {
    member.split('.').try_fold(model, |model, name| model.get(name)).is_some()
}

/// A file of this folder.
pub fn beside(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/architecture").join(name)
}

/// The table as it is written down.
pub fn table() -> Table {
    serde_yaml::from_str(&std::fs::read_to_string(beside("members.yaml")).unwrap()).unwrap()
}

async fn models(actions: &BTreeSet<&str>) -> BTreeMap<String, Value> {
    let mut python = sandbox::assets::python_command("standin").await.unwrap();
    let printed = python.arg(beside("members.py")).args(actions).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    serde_json::from_slice(&printed.stdout).unwrap()
}

#[tokio::test]
async fn whatever_aws_can_be_told_is_compared_or_left_out_for_a_reason() {
    let faults = faults(&table(), &models(&called()).await, &fields(), &at_creation());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn whatever_is_wrong_with_the_table_is_caught() {
    let models = BTreeMap::from([(
        "x:Make".to_owned(),
        json!({ "Size": {}, "Gift": {}, "Lid": { "Colour": {}, "Lock": {} } }),
    )]);
    let fields = BTreeSet::from(["box.size".to_owned(), "box.colour".to_owned()]);
    let at_creation = BTreeSet::from(["box.gift".to_owned()]);
    let said = |text: &str| faults(&serde_yaml::from_str(text).unwrap(), &models, &fields, &at_creation);
    let whole = "x:Make: { compared: { Size: box.size, Lid.Colour: box.colour }, once: { Gift: box.gift }, \
                 exempt: { nobody has a key: [Lid.Lock] } }";
    assert_eq!(said(whole), Vec::<String>::new());
    let undecided = whole.replace("exempt", "open");
    assert!(serde_yaml::from_str::<Table>(&undecided).is_err(), "what becomes of a member is decided");
    for (part, other, fault) in [
        ("[Lid.Lock]", "[]", "x:Make: Lid.Lock is missing"),
        ("[Lid.Lock]", "[Lid.Lock, Lid.Key]", "x:Make: there is no Lid.Key"),
        ("[Lid.Lock]", "[Lid.Lock, Size]", "x:Make: something is said twice"),
        ("box.size", "box.weight", "x:Make: box.weight is compared nowhere"),
        ("box.size", "box.colour", "box.size reaches AWS in no call"),
        ("box.gift", "box.size", "x:Make: box.size is not only for new objects"),
        ("x:Make", "x:Break", "x:Make is missing"),
        ("x:Make", "x:Break", "x:Break is not called"),
    ] {
        let faults = said(&whole.replace(part, other));
        assert!(faults.iter().any(|found| found == fault), "{fault}: {faults:?}");
    }
}
