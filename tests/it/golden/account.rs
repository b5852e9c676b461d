//! An AWS account in memory, and the real kinds with their calls to it in place of AWS.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use futures::future::BoxFuture;
use serde_json::Value;
use video_pipeline_operator::aws::Aws;
use video_pipeline_operator::engine::{
    Action, Address, AnyKind, Changes, Data, Deleted, Depth, Failure, Key, Object, Observed, Phase, Recall,
    Scope, World,
};
use video_pipeline_operator::kinds::KINDS;

use super::fakes;

/// What stands in the account, and which calls it refuses.
#[derive(Default)]
pub struct Account {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    world: World,
    refused: BTreeMap<Address, Failure>,
    revisions: usize,
}

impl Account {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }

    /// Everything, seen completely.
    pub fn world(&self) -> World {
        self.state().world.clone()
    }

    pub fn set_world(&self, world: World) {
        self.state().world = world;
    }

    /// Calls for that address fail from now on.
    pub fn refuse(&self, address: Address, failure: Failure) {
        self.state().refused.insert(address, failure);
    }

    fn check(&self, address: &Address) -> Result<(), Failure> {
        self.state().refused.get(&address.base()).cloned().map_or(Ok(()), Err)
    }

    fn with_id(&self, outputs: &Value, change: impl FnOnce(&mut World, Address)) {
        let mut state = self.state();
        let found = state.world.ours().find(|(_, object)| object.outputs == *outputs);
        if let Some(address) = found.map(|(address, _)| address.clone()) {
            change(&mut state.world, address);
        }
    }
}

/// A real kind, whose calls go to the account.
pub struct Pretended(&'static dyn AnyKind<Aws>);

/// All of them.
pub fn kinds() -> Vec<Pretended> {
    KINDS.iter().map(|kind| Pretended(*kind)).collect()
}

impl AnyKind<Account> for Pretended {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn refers_to(&self) -> &'static [&'static str] {
        self.0.refers_to()
    }
    fn alters(&self) -> &'static [&'static str] {
        self.0.alters()
    }
    fn immutable(&self) -> &'static [&'static str] {
        self.0.immutable()
    }
    fn create_first(&self) -> bool {
        self.0.create_first()
    }
    fn holds_data(&self) -> Data {
        self.0.holds_data()
    }
    fn incarnation<'o>(&self, object: &'o Object) -> &'o str {
        self.0.incarnation(object)
    }
    fn while_settling(&self) -> &'static [&'static str] {
        self.0.while_settling()
    }
    fn renewed(&self) -> &'static [&'static str] {
        self.0.renewed()
    }
    fn at_creation(&self) -> &'static [&'static str] {
        self.0.at_creation()
    }
    fn private(&self) -> &'static [&'static str] {
        self.0.private()
    }
    fn recall(&self) -> Recall {
        self.0.recall()
    }
    fn created_by(&self) -> &'static str {
        self.0.created_by()
    }
    fn lag(&self) -> std::time::Duration {
        self.0.lag()
    }
    fn actions(&self) -> &'static [Action] {
        self.0.actions()
    }
    fn normal(&self, spec: Value) -> Value {
        self.0.normal(spec)
    }

    fn observe<'a>(
        &'a self,
        account: &'a Account,
        scopes: &'a [Scope],
        _: Depth,
    ) -> BoxFuture<'a, Result<Vec<Vec<(Address, Observed)>>, Failure>> {
        let world = account.world();
        let mut seen: Vec<_> =
            world.objects.into_iter().filter(|(address, _)| address.kind == self.name()).collect();
        let named = scopes.iter().flat_map(|scope| &scope.named).map(|named| &named.address);
        for address in named {
            if !seen.iter().any(|(at, _)| at == address) {
                seen.push((address.clone(), Observed::Absent));
            }
        }
        let unread = world.unread.get(self.name()).cloned();
        Box::pin(async move { unread.map_or(Ok(vec![seen]), Err) })
    }

    fn create<'a>(
        &'a self,
        account: &'a Account,
        key: &'a Key,
        spec: Value,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            account.check(&key.address)?;
            let mut state = account.state();
            state.revisions += usize::from(self.create_first());
            let made = fakes::made(self.name(), &key.name, &spec, state.revisions);
            let spec = fakes::read_back(self.name(), spec);
            let object =
                Object { id: made.id, spec: Some(spec), outputs: made.outputs.clone(), phase: Phase::Ready };
            state.world.objects.insert(key.address.clone(), Observed::Ours(object));
            Ok(made.outputs)
        })
    }

    fn update<'a>(
        &'a self,
        account: &'a Account,
        key: &'a Key,
        outputs: Value,
        spec: Value,
        _: &'a Changes,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            account.check(&key.address)?;
            account.with_id(&outputs, |world, address| {
                if let Some(Observed::Ours(object)) = world.objects.get_mut(&address) {
                    object.spec = Some(spec);
                }
            });
            Ok(())
        })
    }

    fn delete<'a>(&'a self, account: &'a Account, outputs: Value) -> BoxFuture<'a, Result<Deleted, Failure>> {
        Box::pin(async move {
            let mut refused = None;
            account.with_id(&outputs, |_, address| refused = Some(address));
            if let Some(address) = refused {
                account.check(&address)?;
            }
            account.with_id(&outputs, |world, address| drop(world.objects.remove(&address)));
            Ok(Deleted::Gone)
        })
    }
}
