//! Grants, gathered in as few statements as say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::arn::Place;
use crate::aws::tags;
use crate::engine::{Action, Condition, Grant, ResourceType};

/// A policy that grows by what kinds need.
pub struct Policy<'a> {
    place: Place,
    boundary: Option<&'a str>,
    statements: Vec<Statement>,
    /// Everything that each action is granted, on each type by itself.
    asked: BTreeMap<&'static str, BTreeSet<(ResourceType, When)>>,
}

/// Under which conditions.
type When = BTreeSet<Condition>;

/// What is allowed under some conditions.
struct Statement {
    when: When,
    looks: bool,
    actions: BTreeSet<&'static str>,
    on: BTreeSet<ResourceType>,
}

impl<'a> Policy<'a> {
    /// An empty one.
    pub fn new(place: Place, boundary: Option<&'a str>) -> Self {
        Self { place, boundary, statements: Vec::new(), asked: BTreeMap::new() }
    }

    /// Notes everything that an action is granted.
    pub fn allow(&mut self, action: &Action) {
        for grant in action.grants {
            if self.is_given(grant) {
                let when = self.conditions(grant);
                let asked = self.asked.entry(action.name).or_default();
                asked.extend(grant.on.iter().map(|of| (*of, when.clone())));
            }
        }
    }

    fn is_given(&self, grant: &Grant) -> bool {
        self.boundary.is_some() || !grant.when.contains(&Condition::BoundaryOnly)
    }

    /// The conditions of a grant; both of the boundary's are one in the end.
    fn conditions(&self, grant: &Grant) -> When {
        let boundary = [Condition::Boundary, Condition::BoundaryOnly];
        let (of_boundary, mut others): (When, When) =
            grant.when.iter().partition(|condition| boundary.contains(condition));
        if self.boundary.is_some() && !of_boundary.is_empty() {
            others.insert(Condition::Boundary);
        }
        others
    }

    /// The statements of all that was noted.
    pub fn statements(mut self) -> Vec<Value> {
        for (action, asked) in self.asked.clone() {
            let mut sets: BTreeMap<When, BTreeSet<ResourceType>> = BTreeMap::new();
            for (of, when) in asked {
                sets.entry(when).or_default().insert(of);
            }
            for (when, on) in sets {
                self.put(action, when, on);
            }
        }
        let mut sids: BTreeMap<String, usize> = BTreeMap::new();
        let written = self.statements.iter().map(|statement| {
            let sid = statement.sid();
            let count = sids.entry(sid.clone()).or_default();
            *count += 1;
            self.written(statement, if *count == 1 { sid } else { format!("{sid}{count}") })
        });
        written.collect()
    }

    /// Adds to a statement that allows nothing more by it, or makes a new one.
    fn put(&mut self, action: &'static str, when: When, on: BTreeSet<ResourceType>) {
        let looks = Action::called(action, &[]).looks();
        let fits = |statement: &Statement| {
            statement.when == when && statement.looks == looks && self.says_the_same(statement, action, &on)
        };
        match self.statements.iter().position(fits) {
            Some(index) => {
                self.statements[index].actions.insert(action);
                self.statements[index].on.extend(on);
            }
            None => self.statements.push(Statement { when, looks, actions: BTreeSet::from([action]), on }),
        }
    }

    /// True iff no action would be allowed on a type on which it is granted under other conditions alone.
    fn says_the_same(
        &self,
        statement: &Statement,
        action: &'static str,
        on: &BTreeSet<ResourceType>,
    ) -> bool {
        let types: BTreeSet<&ResourceType> = statement.on.union(on).collect();
        let is_any = |types: &BTreeSet<ResourceType>| types.contains(&ResourceType::ANY);
        let mut actions = statement.actions.iter().chain([&action]);
        is_any(&statement.on) == is_any(on)
            && actions.all(|action| {
                let granted = self.asked.get(action).into_iter().flatten();
                let elsewhere: Vec<_> = granted.clone().filter(|(_, when)| *when != statement.when).collect();
                let here =
                    |of: &ResourceType| granted.clone().any(|(is, when)| is == of && *when == statement.when);
                types.iter().all(|of| here(of) || !elsewhere.iter().any(|(is, _)| is == *of))
            })
    }

    fn written(&self, statement: &Statement, sid: String) -> Value {
        let arns: BTreeSet<String> = statement.on.iter().flat_map(|of| self.place.arns(of)).collect();
        let mut written = json!({
            "Sid": sid, "Effect": "Allow", "Action": one_or_many(&statement.actions), "Resource": one_or_many(&arns),
        });
        let mut conditions: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for (operator, key, value) in
            statement.when.iter().flat_map(|condition| self.conditions_of(condition))
        {
            conditions.entry(operator).or_default().insert(key, value);
        }
        if !conditions.is_empty() {
            written["Condition"] = json!(conditions);
        }
        written
    }

    /// What is written for a condition: operator, key and values.
    fn conditions_of(&self, condition: &Condition) -> Vec<(&'static str, String, Value)> {
        let one = |operator, key: &str, value| vec![(operator, key.to_owned(), value)];
        match condition {
            Condition::RequestTag => self.tagged("RequestTag"),
            Condition::ResourceTag => self.tagged("ResourceTag"),
            Condition::Is(key, values) => {
                let operator =
                    if values.iter().any(|value| value.contains('*')) { LIKE } else { "StringEquals" };
                one(operator, key, one_or_many(&values.iter().collect()))
            }
            Condition::Names(key, of) => one(LIKE, key, one_or_many(&self.place.arns(of))),
            Condition::True(key) => one("Bool", key, json!("true")),
            Condition::Lacks(key) => one("Null", key, json!("true")),
            Condition::Boundary | Condition::BoundaryOnly => {
                one("StringEquals", "iam:PermissionsBoundary", json!(self.boundary))
            }
        }
    }

    /// Tags of ours, in a request or on a resource: what has no name tells by them which environment it is of.
    fn tagged(&self, on: &str) -> Vec<(&'static str, String, Value)> {
        let like = |tag: &str, value| (LIKE, format!("aws:{on}/{tag}"), json!(value));
        let environment = self.place.suffixes().map(|suffixes| like(tags::ENVIRONMENT, suffixes));
        [Some(like(tags::OWNER, SOME_OWNER.to_owned())), environment].into_iter().flatten().collect()
    }
}

const LIKE: &str = "StringLike";
/// `clusterName/namespace/name`, of whichever: what another owner left is taken over.
const SOME_OWNER: &str = "*/*/*";

impl Statement {
    /// What it does, in words; what changes something that AWS bounds by nothing says so.
    fn sid(&self) -> String {
        let verb = if self.looks { "Look" } else { "Change" };
        let any = self.on.contains(&ResourceType::ANY);
        let words: Vec<String> = self.when.iter().filter_map(words).collect();
        match (words.is_empty(), any, self.looks) {
            (true, true, true) => "Look".to_owned(),
            (true, true, false) => "ChangeWhatAwsBoundsByNothing".to_owned(),
            (true, false, _) => format!("{verb}ByName"),
            (false, ..) => format!("{verb}{}", words.concat()),
        }
    }
}

fn words(condition: &Condition) -> Option<String> {
    Some(match condition {
        Condition::RequestTag => "New".to_owned(),
        Condition::ResourceTag => "Ours".to_owned(),
        Condition::Boundary | Condition::BoundaryOnly => "WithinBoundary".to_owned(),
        Condition::Is(key, _) | Condition::Names(key, _) | Condition::True(key) | Condition::Lacks(key) => {
            let word = key.rsplit([':', '/']).next().unwrap_or_default().split('-');
            let capital = |part: &str| {
                let mut letters = part.chars();
                letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
            };
            let word: String = word.filter_map(capital).collect();
            format!("{}{word}", if matches!(condition, Condition::Lacks(_)) { "Without" } else { "By" })
        }
    })
}

/// A list of one is written as its element.
fn one_or_many<T: serde::Serialize + Ord>(items: &BTreeSet<T>) -> Value {
    match items.first() {
        Some(one) if items.len() == 1 => json!(one),
        _ => json!(items),
    }
}
