//! An edit, made and taken back, beside an environment that is made so from the beginning.

use std::fmt;
use std::time::{Duration, Instant};

use futures::future::join;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::chosen;
use super::edit::{Edit, Expected};
use crate::support::consent;
use crate::sweep::field::Plot;
use crate::sweep::inventory::Inventory;
use crate::sweep::operator::{Act, NAME, Operator, Rest, resource};
use crate::wire::Aim;

/// How an edit went.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Which one.
    pub edit: Edit,
    /// How many passes were made.
    pub passes: usize,
    /// How long it took.
    pub time: Duration,
    /// What does not hold.
    pub broken: Option<String>,
}

/// Something that does not hold.
pub type Broken = Result<(), String>;

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.edit.fmt(f)
    }
}

impl Trial {
    /// Tries `edit` where an environment stands, and beside it where none does.
    pub async fn of(edit: &Edit, standing: &mut Plot, empty: &mut Plot) -> Self {
        let begun = Instant::now();
        let edited = async {
            let mut operator = standing.operator(&[Act::Create]).await?;
            play(edit, &mut operator).await
        };
        let (edited, made) = join(edited, fresh(edit, empty)).await;
        let passes = edited.as_ref().map_or(0, |edited| edited.passes);
        let broken = match (edited, made) {
            (Ok(edited), Ok(made)) => edited.differs_from(&made),
            (edited, made) => edited.and(made).map(drop),
        };
        Self { edit: edit.clone(), passes, time: begun.elapsed(), broken: broken.err() }
    }
}

/// What an edit came to.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// How many passes were made until it was carried out.
    pub passes: usize,
    /// What stood there as the edit wants it, if it is carried out.
    pub edited: Option<Inventory>,
    /// What stood there when it was taken back, if it can be.
    pub undone: Option<Inventory>,
}

impl Course {
    /// Whether it came to the same as in an environment that was made so from the beginning.
    pub fn differs_from(&self, made: &Self) -> Broken {
        if let (Some(edited), Some(made)) = (&self.edited, &made.edited) {
            same("other than in an environment that was made so", edited, made)?;
        }
        match (&self.undone, &made.undone) {
            (Some(undone), Some(made)) => same("when one that was made so is changed", made, undone),
            _ => Ok(()),
        }
    }
}

/// Makes the edit where an environment stands, and takes it back.
pub async fn play(edit: &Edit, operator: &mut Operator) -> Result<Course, String> {
    let before = operator.resource().await.ok_or("nothing is built")?.data["spec"].clone();
    let first = standing(operator).await?;
    change(operator, &edit.patch).await?;
    carry_out(edit, operator, &first).await?;
    let passes = operator.passes;
    let edited = if edit.expected == Expected::Suspended {
        None
    } else {
        rests(operator).await?;
        Some(standing(operator).await?)
    };
    let undone = back(edit, operator, &undoing(&edit.patch, &before), edited.as_ref()).await?;
    if let Some(undone) = &undone {
        same("when it is taken back", undone, &first)?;
    }
    Ok(Course { passes, edited, undone })
}

/// What becomes of an edit where `first` stood there before.
async fn carry_out(edit: &Edit, operator: &mut Operator, first: &Inventory) -> Broken {
    match edit.expected {
        Expected::Applied | Expected::ForGood | Expected::Stays => ready("edited", operator).await,
        Expected::Held => {
            let message = consent::told(operator, "ConsentNeeded").await?;
            same("while it waits for consent", &standing(operator).await?.data(), &first.data())?;
            consent::consent(operator, &message).await?;
            ready("consented", operator).await
        }
        Expected::Suspended => {
            let resource = operator.resource().await.ok_or("it is gone")?;
            Box::pin(operator.pass(resource, &mut None)).await;
            same("while it is suspended", &standing(operator).await?, first)
        }
    }
}

/// Takes the edit back, if there is a way back. What stood there then.
async fn back(
    edit: &Edit,
    operator: &mut Operator,
    undoing: &Value,
    edited: Option<&Inventory>,
) -> Result<Option<Inventory>, String> {
    match (edit.expected, edited) {
        // What was lost by consent is lost.
        (Expected::Held, _) => return Ok(None),
        (Expected::ForGood, _) => {
            return match change(operator, undoing).await {
                Ok(()) => Err("it can be taken back".to_owned()),
                Err(refused) if refused.contains("may grow, not shrink") => Ok(None),
                Err(refused) => Err(refused),
            };
        }
        _ => change(operator, undoing).await?,
    }
    ready("taken back", operator).await?;
    let undone = standing(operator).await?;
    match (edit.expected, edited) {
        (Expected::Stays, Some(edited)) => {
            same("although it was to stay", &undone, edited)?;
            Ok(None)
        }
        _ => Ok(Some(undone)),
    }
}

/// What an environment comes to that is made so from the beginning, and then has nothing of it set any more.
pub async fn fresh(edit: &Edit, plot: &mut Plot) -> Result<Course, String> {
    if edit.expected == Expected::Suspended {
        return Ok(Course::default());
    }
    let mut operator = plot.operator(&[]).await?;
    operator.act(&Act::CreateWith(edit.patch.clone())).await;
    ready("made so", &mut operator).await?;
    let edited = Some(standing(&operator).await?);
    if edit.expected != Expected::Applied {
        return Ok(Course { edited, ..Course::default() });
    }
    change(&operator, &undoing(&edit.patch, &resource(NAME, "video")["spec"])).await?;
    ready("made so and changed", &mut operator).await?;
    Ok(Course { passes: operator.passes, edited, undone: Some(standing(&operator).await?) })
}

/// What stands there, without what its spec leaves to AWS.
async fn standing(operator: &Operator) -> Result<Inventory, String> {
    let resource = operator.resource().await.ok_or("it is gone")?;
    chosen::without(&operator.inventory().await, &resource.data["spec"])
}

impl Inventory {
    /// The part of it that holds data.
    fn data(&self) -> Self {
        let holding =
            ["rds:DescribeDBClusters ", "rds:DescribeDBInstances ", "kinesis:DescribeStreamSummary "];
        let lines = self.0.iter().filter(|line| holding.iter().any(|list| line.starts_with(list)));
        Self(lines.cloned().collect())
    }
}

/// The merge patch that gives everything that `patch` sets the value that it had.
fn undoing(patch: &Value, before: &Value) -> Value {
    match (patch, before) {
        (Value::Object(patch), Value::Object(before)) => {
            let undone = patch.iter().map(|(name, value)| {
                (name.clone(), before.get(name).map_or(Value::Null, |before| undoing(value, before)))
            });
            Value::Object(undone.collect())
        }
        (_, before) => before.clone(),
    }
}

/// Changes the spec.
pub async fn change(operator: &Operator, spec: &Value) -> Broken {
    let change = Patch::Merge(json!({ "spec": spec }));
    let changed = operator.resources().patch(NAME, &PatchParams::default(), &change).await;
    changed.map(drop).map_err(|refused| format!("refused: {refused}"))
}

/// Passes until everything is as wanted, after it was `done`.
async fn ready(done: &str, operator: &mut Operator) -> Broken {
    // On the heap: a pass is large, and trials make many.
    match Box::pin(operator.rest(None)).await {
        Ok(Rest::Ready) => Ok(()),
        Ok(Rest::Gone) => Err(format!("{done}: it is gone")),
        Err(broken) => {
            let resource = operator.resource().await;
            let plan = resource.map(|resource| resource.data["status"]["plan"]["changes"].to_string());
            Err(format!("{done}: {broken}; planned: {}", plan.unwrap_or_default()))
        }
    }
}

/// Another process finds nothing to do.
pub async fn rests(operator: &mut Operator) -> Broken {
    let (calls, writes) = (operator.wire.log().len(), operator.kubernetes.log().len());
    operator.restart();
    ready("looked at anew", operator).await?;
    let late = operator.wire.log().split_off(calls).into_iter().filter(|attempt| attempt.call.mutates());
    let late: Vec<_> = late.map(|attempt| Aim::at(&attempt.call).to_string()).collect();
    let written = operator.kubernetes.log().split_off(writes);
    if late.is_empty() && written.is_empty() {
        return Ok(());
    }
    Err(format!("it was at rest, and the next process did {late:?} and wrote {written:?}"))
}

fn same(when: &str, found: &Inventory, wanted: &Inventory) -> Broken {
    found.difference(wanted).map_or(Ok(()), |difference| {
        Err(format!("what stands there is not as it should be, {when}:{difference}"))
    })
}

#[test]
fn what_an_edit_sets_is_set_back_and_nothing_else() {
    let before = json!({ "a": { "b": 1, "c": 2 }, "d": [3] });
    assert_eq!(
        undoing(&json!({ "a": { "b": 7, "new": 1 }, "d": [] }), &before),
        json!({ "a": { "b": 1, "new": null }, "d": [3] })
    );
    assert_eq!(undoing(&json!({ "a": null }), &before), json!({ "a": { "b": 1, "c": 2 } }));
}
