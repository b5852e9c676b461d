//! Ends a demo: every process that it started, and no other.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Error;
use super::folder::Folder;
use crate::console::Step;
use crate::record::Record;

/// How long a process may take to end when it is asked to.
const ASKED: Duration = Duration::from_secs(12);
/// How long the system may take to end it.
const KILLED: Duration = Duration::from_secs(5);

/// Ends the demo of this checkout; says so when there is none.
///
/// # Errors
///
/// When a process does not end, or its record cannot be read.
pub async fn down() -> Result<(), Error> {
    let folder = Folder::of_checkout();
    let _lock = folder.lock()?;
    if end_all(&folder).await? == 0 {
        eprintln!("no demo is running");
    }
    Ok(())
}

/// Ends every recorded process that still runs, last started first, and says how many these were.
pub(super) async fn end_all(folder: &Folder) -> Result<usize, Error> {
    let mut running = folder.records()?;
    running.retain(Record::is_running);
    for record in running.iter().rev() {
        let step = Step::begin(format!("end {}", record.name));
        end(record).await?;
        step.done("");
    }
    folder.forget()?;
    Ok(running.len())
}

async fn end(record: &Record) -> Result<(), Error> {
    for (signal, limit) in [(Signal::TERM, ASKED), (Signal::KILL, KILLED)] {
        record.signal(signal);
        if is_gone_within(record, limit).await {
            return Ok(());
        }
    }
    Err(Error::WillNotEnd(format!("{} (process {})", record.name, record.pid)))
}

async fn is_gone_within(record: &Record, limit: Duration) -> bool {
    let started = Instant::now();
    while record.is_running() {
        if started.elapsed() > limit {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    true
}
