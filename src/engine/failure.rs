use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Why one call failed, in terms that decide what happens next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Failure {
    /// What was attempted, as an IAM action: `ec2:CreateVpc`.
    pub operation: String,
    /// The cloud's own code: `UnauthorizedOperation`.
    pub code: String,
    /// The cloud's own words.
    pub message: String,
    /// The id under which the cloud's support finds the call.
    pub request_id: Option<String>,
    /// What the code means for us.
    pub meaning: Meaning,
    /// Not worth trying again any sooner than this.
    pub retry_after: Option<Duration>,
}

/// What a failure means, whatever the service called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Meaning {
    /// The object, or one that the call refers to, is not there (or not visible yet).
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// Something still refers to the object, or it is in a state that refuses the call for now.
    InUse,
    /// Too many calls.
    Throttled,
    /// The identity may not do this.
    Denied,
    /// A quota of the account is used up.
    Quota,
    /// The request can never succeed as it is.
    Invalid,
    /// Worth trying again: the network, a timeout, the service's own fault.
    Transient,
    /// The identity itself is missing, expired or unknown.
    Credentials,
    /// The cloud asks to come back later; see [`Failure::retry_after`].
    Later,
}

/// So many characters say something by themselves.
const TELLING: usize = 4;

impl Failure {
    /// A failure of which no more is known.
    pub fn new(
        operation: impl Into<String>,
        code: impl Into<String>,
        meaning: Meaning,
        message: impl Into<String>,
    ) -> Self {
        let (operation, code, message) = (operation.into(), code.into(), message.into());
        Self { operation, code, message, request_id: None, meaning, retry_after: None }
    }

    /// True iff the failure has this meaning.
    pub fn is(&self, meaning: Meaning) -> bool {
        self.meaning == meaning
    }

    /// True iff trying the same again soon changes nothing.
    pub fn is_final(&self) -> bool {
        match self.meaning {
            Meaning::Denied
            | Meaning::Credentials
            | Meaning::Quota
            | Meaning::Invalid
            | Meaning::AlreadyExists => true,
            Meaning::NotFound | Meaning::InUse | Meaning::Throttled | Meaning::Transient | Meaning::Later => {
                false
            }
        }
    }

    /// True iff the cloud takes the call only later: no fault of anybody's.
    pub fn asks_to_wait(&self) -> bool {
        matches!(self.meaning, Meaning::InUse | Meaning::Later)
    }

    /// The failure without `private` texts: clouds repeat what they refuse. Short ones stay, for they are part of any text
    /// and give nothing away.
    pub(super) fn without(mut self, private: &[String]) -> Self {
        for text in private.iter().filter(|text| text.chars().count() >= TELLING) {
            self.message = self.message.replace(text.as_str(), "…");
        }
        self
    }

    /// True iff the cloud may have carried the call out although we were told otherwise.
    pub fn leaves_doubt(&self) -> bool {
        matches!(self.meaning, Meaning::Transient)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_not_repeated() {
        let failure = Failure::new(
            "toys:Make",
            "Invalid",
            Meaning::Invalid,
            "hush is no name, nor is hush-hush, in yes",
        );
        let private = ["hush-hush", "hush", "yes"].map(str::to_owned);
        assert_eq!(failure.without(&private).message, "… is no name, nor is …, in yes");
    }
}
