//! A `VideoPipeline` as Kubernetes stores it, read leniently: one that this version does not understand can still be
//! reported on and deleted.

use kube::api::DynamicObject;
use kube::core::ObjectMeta;
use serde_json::Value;

use super::record::Record;
use crate::api::{ADOPT_FROM, CONSENT, FINALIZER, VideoPipelineStatus};
use crate::pipeline::{Admitted, ClusterName, Identity, Invalid, Malformed, Owner, admission};
use crate::report;

/// The resource.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its metadata.
    pub meta: ObjectMeta,
    /// Its status; the empty one where there is none, or none that can be read.
    pub status: VideoPipelineStatus,
    /// All of it but its status.
    document: Value,
}

impl Stored {
    /// Reads an object of the API server.
    pub fn of(object: &DynamicObject) -> Self {
        let mut document = serde_json::to_value(object).unwrap_or_default();
        let status = document.as_object_mut().and_then(|fields| fields.remove("status"));
        let status = status.and_then(|status| serde_json::from_value(status).ok());
        Self { meta: object.metadata.clone(), status: status.unwrap_or_default(), document }
    }

    /// The whole resource, checked as the API server would check it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn admitted(&self) -> Result<Admitted, Vec<Invalid>> {
        admission::read(&self.document)
    }

    /// Who it is, whatever else is in it.
    ///
    /// # Errors
    /// What of the identity is missing or malformed.
    pub fn identity(&self, cluster: &ClusterName) -> Result<Identity, Vec<Invalid>> {
        Identity::read(cluster, &self.document)
    }

    /// Its namespace and name.
    pub fn reference(&self) -> (&str, &str) {
        reference(&self.meta)
    }

    /// What tells it from another one that has, or had, its name.
    pub fn uid(&self) -> String {
        self.meta.uid.clone().unwrap_or_default()
    }

    /// Its environment's suffix, as it says.
    pub fn suffix(&self) -> &str {
        self.text("/spec/environmentSuffix").unwrap_or_default()
    }

    /// What a report needs of it.
    pub fn described<'a>(&'a self, owner: Option<&'a str>) -> report::Resource<'a> {
        let (namespace, name) = self.reference();
        report::Resource {
            namespace,
            name,
            region: self.region(),
            owner,
            generation: self.meta.generation,
            suspended: self.suspended(),
            deleting: self.deleting(),
            autoscaled: self.autoscaled(),
        }
    }

    /// The AWS account in which its environment stands: as it is written down, else as it was last told.
    pub fn account(&self) -> Option<String> {
        let told = || self.status.account_id.clone();
        let written = Record::on(self).and_then(|record| record.account);
        if self.has_finalizer() { written.or_else(told) } else { None }
    }

    /// The region that it names.
    pub fn region(&self) -> &str {
        self.text("/spec/region").unwrap_or_default()
    }

    /// The number of zones that it asks for; more than there can be where it does not say.
    pub fn zones(&self) -> u8 {
        let zones = self.document.pointer("/spec/network/availabilityZones").and_then(Value::as_u64);
        zones.and_then(|zones| u8::try_from(zones).ok()).unwrap_or(u8::MAX)
    }

    /// True iff it is being deleted.
    pub fn deleting(&self) -> bool {
        self.meta.deletion_timestamp.is_some()
    }

    /// True iff its environment stays when it goes.
    pub fn retains(&self) -> bool {
        self.text("/spec/deletionPolicy") == Some("Retain")
    }

    /// True iff its data is protected against its deletion. Only what says the opposite, or nothing, does not protect it.
    pub fn protected(&self) -> bool {
        let protection = self.document.pointer("/spec/database/deletionProtection");
        !matches!(protection, None | Some(Value::Null | Value::Bool(false)))
    }

    /// True iff nothing may be changed.
    pub fn suspended(&self) -> bool {
        self.document.pointer("/spec/suspend").and_then(Value::as_bool).unwrap_or_default()
    }

    /// True iff AWS chooses the number of tasks.
    pub fn autoscaled(&self) -> bool {
        self.document.pointer("/spec/processing/autoscaling").is_some_and(Value::is_object)
    }

    /// True iff it has our finalizer: it waits for us before it goes.
    pub fn has_finalizer(&self) -> bool {
        self.meta.finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.meta.annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// What people allowed, each as `address@digest`.
    pub fn consents(&self) -> impl Iterator<Item = String> {
        let text = self.annotation(CONSENT).unwrap_or_default();
        text.split([',', ' ', '\n']).filter(|consent| !consent.is_empty()).map(str::to_owned)
    }

    /// The owner whose environment is taken over. Where the resource is deleted, one that cannot be read is none.
    ///
    /// # Errors
    /// The annotation names no owner.
    pub fn former_owner(&self) -> Result<Option<Owner>, Vec<Invalid>> {
        let Some(text) = self.annotation(ADOPT_FROM) else { return Ok(None) };
        let owner = text.trim().parse().map(Some);
        if self.deleting() {
            return Ok(owner.unwrap_or_default());
        }
        owner.map_err(|malformed: Malformed| {
            let field = format!("metadata.annotations[{ADOPT_FROM}]");
            let remedy = "write the value of the tag streamflix.io/owner that the environment has in AWS";
            vec![Invalid::new(field, malformed.to_string(), remedy)]
        })
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.document.pointer(pointer).and_then(Value::as_str)
    }
}

/// The namespace and name of an object.
pub fn reference(meta: &ObjectMeta) -> (&str, &str) {
    (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default())
}

/// The same, to be kept.
pub fn owned((namespace, name): (&str, &str)) -> (String, String) {
    (namespace.to_owned(), name.to_owned())
}
