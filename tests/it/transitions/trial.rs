//! An edit, made and taken back, beside an environment that is made so from the beginning.

use std::fmt;
use std::time::{Duration, Instant};

use futures::future::join;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::edit::{Edit, Expected};
use crate::support::consent;
use crate::sweep::field::Plot;
use crate::sweep::inventory::Inventory;
use crate::sweep::operator::{Act, NAME, Operator, Rest};
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
        let (begun, mut passes) = (Instant::now(), 0);
        let (edited, made) = join(play(edit, standing, &mut passes), fresh(edit, empty)).await;
        let broken = edited.and_then(|edited| match made? {
            Some(made) => same("other than in an environment that was made so", &edited, &made),
            None => Ok(()),
        });
        Self { edit: edit.clone(), passes, time: begun.elapsed(), broken: broken.err() }
    }
}

/// Makes the edit, and takes it back. What stood in the account between.
async fn play(edit: &Edit, plot: &mut Plot, passes: &mut usize) -> Result<Inventory, String> {
    let mut operator = plot.operator(&[Act::Create]).await?;
    let before = operator.resource().await.ok_or("nothing is built")?.data["spec"].clone();
    let first = operator.inventory().await;
    change(&operator, &edit.patch).await?;
    match edit.expected {
        Expected::Applied | Expected::ForGood => ready("edited", &mut operator).await?,
        Expected::Held => {
            let message = consent::told(&mut operator, "ConsentNeeded").await?;
            same("while it waits for consent", &operator.inventory().await, &first)?;
            consent::consent(&operator, &message).await?;
            ready("consented", &mut operator).await?;
        }
        Expected::Blocked => {
            consent::told(&mut operator, "InvalidSpec").await?;
            same("although it cannot be done", &operator.inventory().await, &first)?;
        }
        Expected::Suspended => {
            let resource = operator.resource().await.ok_or("it is gone")?;
            operator.pass(resource, &mut None).await;
            same("while it is suspended", &operator.inventory().await, &first)?;
        }
    }
    let edited = operator.inventory().await;
    *passes = operator.passes;
    if matches!(edit.expected, Expected::Applied | Expected::ForGood | Expected::Held) {
        rests(&mut operator).await?;
    }
    back(edit, &mut operator, &before, &first).await?;
    Ok(edited)
}

/// Takes the edit back, if there is a way back.
async fn back(edit: &Edit, operator: &mut Operator, before: &Value, first: &Inventory) -> Broken {
    let undone = undoing(&edit.patch, before);
    match edit.expected {
        // What was lost by consent is lost.
        Expected::Held => Ok(()),
        Expected::ForGood => {
            if let Ok(()) = change(operator, &undone).await {
                // Not refused at once: then it is said that it cannot be done, and nothing else comes of it.
                consent::told(operator, "InvalidSpec").await?;
            }
            Ok(())
        }
        _ => {
            change(operator, &undone).await?;
            ready("taken back", operator).await?;
            same("when it is taken back", &operator.inventory().await, first)
        }
    }
}

/// What an environment comes to that is made so from the beginning, where there can be one.
async fn fresh(edit: &Edit, plot: &mut Plot) -> Result<Option<Inventory>, String> {
    if matches!(edit.expected, Expected::Blocked | Expected::Suspended) {
        return Ok(None);
    }
    let mut operator = plot.operator(&[]).await?;
    operator.act(&Act::CreateWith(edit.patch.clone())).await;
    ready("made so", &mut operator).await?;
    Ok(Some(operator.inventory().await))
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
    match operator.rest(None).await {
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
async fn rests(operator: &mut Operator) -> Broken {
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
