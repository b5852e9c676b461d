//! What somebody does by hand, past the operator.

use serde_json::Value;

use super::super::environment::{Environment, condition};

/// A call of AWS: the service, the operation, its arguments.
pub type Call = (&'static str, &'static str, Value);

/// What somebody does to one resource.
pub struct Hand {
    pub kind: &'static str,
    /// The resource's address; for one with versions, the beginning of it.
    pub address: &'static str,
    /// What it changes of it, where that is told apart.
    pub fields: &'static [&'static str],
    /// One after the other.
    calls: Vec<Call>,
}

/// A hand on this resource, which does nothing yet.
pub fn on(kind: &'static str, address: &'static str) -> Hand {
    Hand { kind, address, fields: &[], calls: Vec::new() }
}

impl Hand {
    /// It changes these fields.
    pub fn of(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }

    /// It makes this call, with the arguments that are said next.
    pub fn does(self, service: &'static str, operation: &'static str) -> Self {
        self.then((service, operation, Value::Null))
    }

    /// The arguments of the last call.
    pub fn with(mut self, arguments: Value) -> Self {
        self.calls.last_mut().unwrap().2 = arguments;
        self
    }

    /// It makes this call.
    pub fn then(mut self, call: Call) -> Self {
        self.calls.push(call);
        self
    }

    /// Makes the calls; anew from the first if the operator comes between them.
    pub fn act(&self, environment: &Environment<'_>) {
        let mut last = String::new();
        for _ in 0..5 {
            let made = self.calls.iter().map(|(service, operation, arguments)| {
                environment.lab.account.try_call(service, operation, arguments.clone())
            });
            // What holds the resource may be gone already.
            let made: Vec<_> = made.collect();
            match made.last() {
                Some(Err(code)) => last = format!("{code} of {made:?}"),
                _ => return,
            }
        }
        panic!("{} cannot be changed by hand: {last}", self.address);
    }

    /// Makes each of the calls; those that AWS refuses.
    pub fn refused(&self, environment: &Environment<'_>) -> Vec<String> {
        let refused = |(service, operation, arguments): &Call| {
            let made = environment.lab.account.try_call(service, operation, arguments.clone());
            made.err().map(|code| format!("{service}:{operation}: {code}"))
        };
        self.calls.iter().filter_map(refused).collect()
    }

    /// Whether the operator says that it brings the resource back.
    pub fn is_being_repaired(&self, object: &Value) -> bool {
        let rows = object["status"]["resources"].as_array().into_iter().flatten();
        let touched = rows.into_iter().any(|row| {
            let address = row["address"].as_str().unwrap_or_default();
            address.split('@').next() == Some(self.address) && row["state"] != "Ready"
        });
        touched && condition(object, "Reconciling")["reason"] == "RepairingDrift"
    }
}

/// The ids that calls need.
pub struct Ids<'a>(pub &'a Value);

impl Ids<'_> {
    pub fn at(&self, pointer: &str) -> Value {
        self.0.pointer(pointer).cloned().unwrap_or_else(|| panic!("nothing at {pointer}"))
    }

    pub fn subnet(&self, name: &str) -> Value {
        self.at(&format!("/subnets/video-processing-{name}-drift/SubnetId"))
    }

    /// The ARN of something of RDS in the account: what sort of thing it is, and its name.
    pub fn of_database(&self, sort: &str, name: &Value) -> Value {
        let cluster = self.at("/database/DBClusterArn");
        let (account, _) = cluster.as_str().unwrap().split_once(":cluster:").unwrap();
        Value::String(format!("{account}:{sort}:{}", name.as_str().unwrap()))
    }

    /// The ARN of a policy of the account.
    pub fn policy(&self, name: &str) -> Value {
        let cluster = self.at("/database/DBClusterArn");
        let account = cluster.as_str().unwrap().split(':').nth(4).unwrap().to_owned();
        Value::String(format!("arn:aws:iam::{account}:policy/{name}"))
    }

    pub fn table(&self, side: &str) -> &Value {
        self.tables().find(|table| table["Tags"].to_string().contains(&format!("{side}-rt-"))).unwrap()
    }

    fn tables(&self) -> impl Iterator<Item = &Value> {
        self.0["routeTables"].as_object().unwrap().values()
    }

    /// The association of a subnet.
    pub fn association(&self, subnet: &Value) -> Value {
        let all = self.tables().flat_map(|table| table["Associations"].as_array().unwrap());
        all.into_iter().find(|one| one["SubnetId"] == *subnet).unwrap()["RouteTableAssociationId"].clone()
    }
}
