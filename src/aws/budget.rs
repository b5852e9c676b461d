//! How many calls AWS lets us make, and who goes first when that is too few.
//!
//! One bucket of tokens per account, region and group of operations, filled a little slower than AWS fills its own. A
//! bucket that AWS empties before we do (others use the account too) is narrowed at once and widens again slowly.
//!
//! The buckets are ours rather than a library's because their rate changes while they run and because they keep a
//! reserve: sweeps never take the last half of a bucket, so that a create or a delete finds a token without queueing.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits::{Limit, limit};
use super::operation::Operation;

tokio::task_local! {
    static LANE: Lane;
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Someone waits for it: creates, updates, deletes, and the reads these rest on.
    Urgent,
    /// Looking for drift. It may take its time.
    Sweep,
}

impl Lane {
    /// How long one call may wait before it is refused instead. A refused call is tried again by whoever wanted it,
    /// and waits in the open rather than in here.
    fn patience(self) -> Duration {
        match self {
            Self::Urgent => Duration::from_secs(20),
            Self::Sweep => Duration::from_secs(300),
        }
    }
}

/// Runs `work` with all its reads in `lane`. Without this they are [`Lane::Urgent`], as mutations always are.
pub async fn in_lane<F: Future>(lane: Lane, work: F) -> F::Output {
    LANE.scope(lane, work).await
}

fn lane_of(operation: &Operation) -> Lane {
    if operation.mutates() {
        return Lane::Urgent;
    }
    LANE.try_with(|lane| *lane).unwrap_or(Lane::Urgent)
}

/// The buckets of this process. Clones share them.
#[derive(Clone)]
pub struct Budget {
    /// `None` where nothing is limited.
    buckets: Option<Arc<Buckets>>,
}

struct Buckets {
    /// The part of AWS's published limits that this process may use: 0 to 1, or more where AWS grants more.
    share: f64,
    by_place: Mutex<HashMap<Place, Bucket>>,
}

/// What AWS counts together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    account: String,
    /// Empty for the global services.
    region: String,
    group: String,
}

impl Budget {
    /// Uses at most `share` (above 0) of the limits that AWS publishes; 0.8 leaves room for people, and more than 1 is for
    /// an account whose limits AWS has raised.
    pub fn share_of_published(share: f64) -> Self {
        let buckets = Buckets { share: share.max(0.01), by_place: Mutex::default() };
        Self { buckets: Some(Arc::new(buckets)) }
    }

    /// No limit, for tests and for stand-ins, which have none.
    pub fn unlimited() -> Self {
        Self { buckets: None }
    }

    /// Waits until `operation` may be tried and says how long that took, or says how long it would take when that is
    /// longer than a call should wait.
    pub(super) async fn admit(
        &self,
        account: &str,
        region: &str,
        operation: &Operation,
    ) -> Result<Duration, TooLong> {
        let lane = lane_of(operation);
        let arrived = Instant::now();
        loop {
            match self.ask(account, region, operation, lane, arrived) {
                Answer::Go { after } if after.is_zero() => return Ok(arrived.elapsed()),
                Answer::Go { after } => {
                    tokio::time::sleep(after).await;
                    return Ok(arrived.elapsed());
                }
                Answer::AskAgain { after } => tokio::time::sleep(after).await,
                Answer::TooLong { wait } => return Err(TooLong { wait }),
            }
        }
    }

    /// AWS throttled `operation`: its bucket is narrowed.
    pub(super) fn throttled(&self, account: &str, region: &str, operation: &Operation) {
        self.with_bucket(account, region, operation, |bucket| bucket.narrow(Instant::now()));
    }

    fn ask(
        &self,
        account: &str,
        region: &str,
        operation: &Operation,
        lane: Lane,
        arrived: Instant,
    ) -> Answer {
        let now = Instant::now();
        let patience = lane.patience().saturating_sub(now - arrived);
        self.with_bucket(account, region, operation, |bucket| bucket.ask(lane, now, patience))
            .unwrap_or(Answer::Go { after: Duration::ZERO })
    }

    fn with_bucket<T>(
        &self,
        account: &str,
        region: &str,
        operation: &Operation,
        act: impl FnOnce(&mut Bucket) -> T,
    ) -> Option<T> {
        let buckets = self.buckets.as_ref()?;
        let limit = limit(operation);
        let place = Place {
            account: account.to_owned(),
            region: if limit.global { String::new() } else { region.to_owned() },
            group: limit.group(operation),
        };
        let mut by_place = buckets.by_place.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            by_place.entry(place).or_insert_with(|| Bucket::new(limit, buckets.share, Instant::now()));
        Some(act(bucket))
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.buckets {
            Some(buckets) => write!(f, "Budget({} of AWS's limits)", buckets.share),
            None => write!(f, "Budget(unlimited)"),
        }
    }
}

/// A call that would wait longer than its lane has patience for.
#[derive(Debug)]
pub(super) struct TooLong {
    /// How long it would have waited.
    pub wait: Duration,
}

#[derive(Debug, PartialEq)]
enum Answer {
    /// A token is taken; it is there after this time.
    Go { after: Duration },
    /// No token is taken.
    AskAgain { after: Duration },
    /// No token is taken.
    TooLong { wait: Duration },
}

/// Tokens of one place. Below zero are those that urgent calls have taken in advance: that is their queue.
#[derive(Debug)]
struct Bucket {
    burst: f64,
    /// Tokens per second when AWS has not throttled us lately.
    full_rate: f64,
    rate: f64,
    tokens: f64,
    counted: Instant,
    narrowed: Option<Instant>,
}

/// The time in which a rate narrowed to nothing would be back in full.
const RECOVERY: Duration = Duration::from_secs(300);
/// A bucket is never narrowed below this part of its rate.
const NARROWEST: f64 = 1.0 / 16.0;
/// Replies to calls that were sent together count as one throttling.
const ONE_THROTTLING: Duration = Duration::from_secs(1);

impl Bucket {
    fn new(limit: &Limit, share: f64, now: Instant) -> Self {
        let (burst, rate) = ((limit.burst * share).max(1.0), limit.rate * share);
        Self { burst, full_rate: rate, rate, tokens: burst, counted: now, narrowed: None }
    }

    fn ask(&mut self, lane: Lane, now: Instant, patience: Duration) -> Answer {
        self.count(now);
        let left = match lane {
            Lane::Urgent => self.tokens - 1.0,
            Lane::Sweep => self.tokens - 1.0 - (self.burst / 2.0).floor(),
        };
        let wait = Duration::from_secs_f64((-left).max(0.0) / self.rate);
        if wait > patience {
            return Answer::TooLong { wait };
        }
        if lane == Lane::Sweep && !wait.is_zero() {
            return Answer::AskAgain { after: wait };
        }
        self.tokens -= 1.0;
        Answer::Go { after: wait }
    }

    fn narrow(&mut self, now: Instant) {
        self.count(now);
        self.tokens = self.tokens.min(0.0);
        if self.narrowed.is_none_or(|before| now - before >= ONE_THROTTLING) {
            self.narrowed = Some(now);
            self.rate = (self.rate / 2.0).max(self.full_rate * NARROWEST);
        }
    }

    /// Adds the tokens, and gives back the rate, that time has brought.
    fn count(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted).as_secs_f64();
        self.counted = now;
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.rate = (self.rate + passed * self.full_rate / RECOVERY.as_secs_f64()).min(self.full_rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn bucket(burst: f64, rate: f64) -> (Bucket, Instant) {
        let now = Instant::now();
        let mut limit = *limit(&Operation::new("EC2", "CreateVpc"));
        (limit.burst, limit.rate) = (burst, rate);
        (Bucket::new(&limit, 1.0, now), now)
    }

    fn seconds(answer: Answer) -> f64 {
        match answer {
            Answer::Go { after } | Answer::AskAgain { after } | Answer::TooLong { wait: after } => {
                after.as_secs_f64()
            }
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_in_a_row() {
        let (mut bucket, now) = bucket(3.0, 2.0);
        let waits: Vec<_> = (0..5).map(|_| seconds(bucket.ask(Lane::Urgent, now, PATIENCE))).collect();
        assert_eq!(waits, [0.0, 0.0, 0.0, 0.5, 1.0]);
        let later = now + Duration::from_secs(60);
        assert_eq!(bucket.ask(Lane::Urgent, later, PATIENCE), Answer::Go { after: Duration::ZERO });
        assert_eq!(bucket.tokens, 2.0, "a bucket never holds more than its burst");
    }

    #[test]
    fn sweeps_leave_half_to_those_who_wait() {
        let (mut bucket, now) = bucket(4.0, 1.0);
        assert_eq!(seconds(bucket.ask(Lane::Sweep, now, PATIENCE)), 0.0);
        assert_eq!(seconds(bucket.ask(Lane::Sweep, now, PATIENCE)), 0.0);
        assert!(matches!(bucket.ask(Lane::Sweep, now, PATIENCE), Answer::AskAgain { .. }));
        assert_eq!(bucket.ask(Lane::Urgent, now, PATIENCE), Answer::Go { after: Duration::ZERO });
    }

    #[test]
    fn what_would_wait_too_long_takes_nothing() {
        let (mut bucket, now) = bucket(1.0, 0.1);
        bucket.ask(Lane::Urgent, now, PATIENCE);
        let before = bucket.tokens;
        let answer = bucket.ask(Lane::Urgent, now, Duration::from_secs(5));
        assert_eq!(answer, Answer::TooLong { wait: Duration::from_secs(10) });
        assert_eq!(bucket.tokens, before);
    }

    #[test]
    fn throttling_halves_the_rate_once_and_time_brings_it_back() {
        let (mut bucket, now) = bucket(8.0, 8.0);
        bucket.narrow(now);
        bucket.narrow(now + Duration::from_millis(10));
        assert!((bucket.rate - 4.0).abs() < 0.1, "{}", bucket.rate);
        assert!(seconds(bucket.ask(Lane::Urgent, now + Duration::from_millis(10), PATIENCE)) > 0.0);
        bucket.count(now + RECOVERY);
        assert_eq!(bucket.rate, 8.0);

        for second in 0..100 {
            bucket.narrow(now + RECOVERY + Duration::from_secs(2 * second));
        }
        assert!(bucket.rate >= 8.0 * NARROWEST);
    }

    #[tokio::test]
    async fn accounts_and_regions_have_their_own_buckets_and_iam_only_one() {
        let budget = Budget::share_of_published(1.0);
        let count = |budget: &Budget| budget.buckets.as_ref().unwrap().by_place.lock().unwrap().len();
        let (vpc, role) = (Operation::new("EC2", "CreateVpc"), Operation::new("IAM", "CreateRole"));
        for (account, region) in [("1", "a"), ("1", "b"), ("2", "a")] {
            budget.admit(account, region, &vpc).await.unwrap();
        }
        assert_eq!(count(&budget), 3);
        for region in ["a", "b"] {
            budget.admit("1", region, &role).await.unwrap();
        }
        assert_eq!(count(&budget), 4);
    }

    #[tokio::test]
    async fn only_reads_can_be_sweeps() {
        let read = Operation::new("EC2", "DescribeVpcs");
        let write = Operation::new("EC2", "CreateVpc");
        assert_eq!(lane_of(&read), Lane::Urgent);
        in_lane(Lane::Sweep, async {
            assert_eq!(lane_of(&read), Lane::Sweep);
            assert_eq!(lane_of(&write), Lane::Urgent);
        })
        .await;
    }
}
