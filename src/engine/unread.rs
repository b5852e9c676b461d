//! Reports everything that could not be read, wanted or not: otherwise an environment that was merely not seen would look ready,
//! or gone.

use super::{Address, Failure, Item, Observed, Verdict, Waiting, World, plan::Registry};

/// A resource that waits for others and could not be read either is reported as unread: nothing else would report it.
pub(super) fn said_first(world: &World, at: &Address, verdict: Verdict) -> Verdict {
    match (&verdict, unknown(world, at)) {
        (Verdict::Wait(Waiting::On(_)), Some(failure)) => Verdict::Wait(Waiting::Unread(failure.clone())),
        _ => verdict,
    }
}

/// One item for each kind, and for each single address, that could not be read and that no item of the graph shows to be so.
pub(super) fn unshown(world: &World, wanted: &[Item]) -> Vec<Item> {
    let kinds = world.unread.iter().filter(|(kind, failure)| {
        !wanted.iter().any(|item| item.address.kind == **kind && failure_of(item) == Some(*failure))
    });
    let kinds = kinds.map(|(kind, failure)| item(Address::anywhere(kind), failure));
    let single = world.objects.keys().filter(|at| !wanted.iter().any(|item| shows(item, at)));
    let single = single.filter_map(|at| Some(item(at.clone(), unknown(world, at)?)));
    kinds.chain(single).collect()
}

/// True iff the item is about what stands at `at`. While a version of it is unread, that of all versions says so.
fn shows(item: &Item, at: &Address) -> bool {
    item.address == *at || (at.is_of(&item.address) && failure_of(item).is_some())
}

fn item(address: Address, failure: &Failure) -> Item {
    let verdict = Verdict::Wait(Waiting::Unread(failure.clone()));
    Item { address, name: String::new(), id: None, wanted: false, verdict }
}

fn unknown<'w>(world: &'w World, at: &Address) -> Option<&'w Failure> {
    match world.objects.get(at)? {
        Observed::Unknown(failure) => Some(failure),
        _ => None,
    }
}

fn failure_of(item: &Item) -> Option<&Failure> {
    match &item.verdict {
        Verdict::Wait(Waiting::Unread(failure)) => Some(failure),
        _ => None,
    }
}

/// What was seen, and waits because something else could not be read, waits for that: the cause is said once, where it lies.
pub(super) fn trace_back<C>(registry: &Registry<'_, C>, items: &mut [Item]) {
    let unseen = items.iter().filter(|item| item.id.is_none());
    let unread: Vec<(Address, Failure)> =
        unseen.filter_map(|item| Some((item.address.clone(), failure_of(item)?.clone()))).collect();
    for item in items.iter_mut().filter(|item| item.id.is_some()) {
        let Some(failure) = failure_of(item) else { continue };
        let referring = registry.referring_to(&item.address.kind);
        let refers = |(at, _): &&(Address, Failure)| referring.contains(at.kind.as_str());
        let mut causes: Vec<_> = unread.iter().filter(refers).collect();
        if causes.is_empty() {
            causes.extend(unread.iter().filter(|(_, why)| why == failure));
        }
        if !causes.is_empty() {
            let causes = causes.into_iter().map(|(at, _)| at.clone()).collect();
            item.verdict = Verdict::Wait(Waiting::On(causes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Meaning;

    fn denied(operation: &str) -> Failure {
        Failure::new(operation, "AccessDenied", Meaning::Denied, "")
    }

    fn wanted(name: &str, verdict: Verdict) -> Item {
        let address = Address::new("toy", name);
        Item { address, name: name.into(), id: None, wanted: true, verdict }
    }

    fn unread(failure: Failure) -> Verdict {
        Verdict::Wait(Waiting::Unread(failure))
    }

    fn addresses(items: &[Item]) -> Vec<String> {
        items.iter().map(|item| item.address.to_string()).collect()
    }

    #[test]
    fn a_kind_of_which_nothing_is_wanted_is_shown_to_be_unread() {
        let world = World { unread: [("toy".into(), denied("toys:List"))].into(), ..World::default() };
        let shown = unshown(&world, &[]);
        assert_eq!(addresses(&shown), ["any/toy"]);
        assert_eq!((&shown[0].verdict, shown[0].wanted), (&unread(denied("toys:List")), false));
        // One that waits for others says nothing of its kind.
        let waits = wanted("box/toy", Verdict::Wait(Waiting::On([Address::new("box", "box/box")].into())));
        assert_eq!(addresses(&unshown(&world, &[waits])), ["any/toy"]);
        assert_eq!(unshown(&world, &[wanted("box/toy", unread(denied("toys:List")))]), []);
    }

    #[test]
    fn what_is_unread_at_an_address_is_shown_there() {
        let unknown = |name: &str| (Address::new("toy", name), Observed::Unknown(denied("toys:Get")));
        let world = |names: &[&str]| World {
            objects: names.iter().map(|name| unknown(name)).collect(),
            ..World::default()
        };
        assert_eq!(addresses(&unshown(&world(&["box/toy"]), &[])), ["box/toy"]);
        assert_eq!(unshown(&world(&["box/toy"]), &[wanted("box/toy", Verdict::Keep)]), []);
        // Of a version, the item of all versions says it, unless another version is the one that is wanted.
        let version = world(&["box/toy@1a2b3c4d"]);
        assert_eq!(unshown(&version, &[wanted("box/toy", unread(denied("toys:Get")))]), []);
        let kept = wanted("box/toy", Verdict::Keep);
        assert_eq!(addresses(&unshown(&version, &[kept])), ["box/toy@1a2b3c4d"]);
    }

    #[test]
    fn what_waits_for_a_read_points_to_what_is_unread() {
        let seen = Item { id: Some("b-1".into()), ..wanted("box/box", unread(denied("toys:List"))) };
        let mut items = vec![item(Address::anywhere("toy"), &denied("toys:List")), seen];
        trace_back::<()>(&Registry::new(&[]), &mut items);
        assert_eq!(items[0].verdict, unread(denied("toys:List")));
        assert_eq!(items[1].verdict, Verdict::Wait(Waiting::On([Address::anywhere("toy")].into())));
    }

    #[test]
    fn what_is_unread_says_so_although_it_waits_for_others() {
        let at = Address::new("toy", "box/toy");
        let unknown = Observed::Unknown(denied("toys:Get"));
        let world = World { objects: [(at.clone(), unknown)].into(), ..World::default() };
        let waits = Verdict::Wait(Waiting::On([Address::new("shop", "box/shop")].into()));
        assert_eq!(said_first(&world, &at, waits.clone()), unread(denied("toys:Get")));
        assert_eq!(said_first(&World::default(), &at, waits.clone()), waits);
    }
}
