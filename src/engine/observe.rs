use super::{AnyKind, Depth, Failure, Observed, Scope, World};
use futures::future::join_all;

/// Observes the given kinds for several owners at once: one world for each of `scopes`.
///
/// The order of `scopes` is kept. A kind that cannot be read leaves its part of every world unknown.
pub async fn observe<C: Sync>(
    kinds: &[&dyn AnyKind<C>],
    cloud: &C,
    scopes: &[Scope],
    depth: Depth,
) -> Vec<World> {
    let seen = join_all(kinds.iter().map(|kind| async move {
        let scopes = of_kind(*kind, scopes);
        let seen = kind.observe(cloud, &scopes, depth).await;
        (*kind, scopes, seen)
    }));
    let mut worlds = vec![World::default(); scopes.len()];
    for (kind, scopes, seen) in seen.await {
        match seen {
            Err(failure) => {
                worlds.iter_mut().for_each(|w| drop(w.unread.insert(kind.name().into(), failure.clone())))
            }
            Ok(seen) => {
                for ((world, scope), seen) in worlds.iter_mut().zip(scopes).zip(seen) {
                    seen.into_iter().for_each(|(address, observed)| world.record(address, observed));
                    mark_unanswered(world, kind.create_first(), &scope);
                }
            }
        }
    }
    worlds
}

/// The scopes, each with the names of this kind alone.
fn of_kind<C>(kind: &dyn AnyKind<C>, scopes: &[Scope]) -> Vec<Scope> {
    let narrowed = |scope: &Scope| Scope {
        owner: scope.owner.clone(),
        former: scope.former.clone(),
        named: scope.named.iter().filter(|n| n.address.kind == kind.name()).cloned().collect(),
    };
    scopes.iter().map(narrowed).collect()
}

/// An address that was asked for and is missing from the answer is unknown, not absent.
fn mark_unanswered(world: &mut World, versioned: bool, scope: &Scope) {
    for named in scope.named.iter().filter(|_| !versioned) {
        world
            .objects
            .entry(named.address.clone())
            .or_insert_with(|| Observed::Unknown(unanswered(&named.name)));
    }
}

fn unanswered(name: &str) -> Failure {
    Failure::new(
        "observe",
        "NotAnswered",
        super::Meaning::Transient,
        format!("the answer does not mention {name}"),
    )
}
