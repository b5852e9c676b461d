//! What a person sees while something takes time: one line per step with its duration.
//!
//! On a terminal a step's line moves while it waits; elsewhere a plain line now and then says what it is at.
//! All of it goes to standard error, so that standard output holds only what a command is asked for.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A step under way. Dropped before [`Step::done`], it is shown as failed.
#[derive(Debug)]
pub struct Step {
    shared: Arc<Shared>,
    painter: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    started: Instant,
    terminal: bool,
    /// How often a plain line may be written, if there is something new.
    pause: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    note: String,
    over: bool,
}

/// How often a moving line moves.
const FRAME: Duration = Duration::from_millis(120);
/// How often a plain line is written at least while a step waits.
const PLAIN: Duration = Duration::from_secs(10);
/// How often a plain line may be written for a step that is worth watching.
const PLAIN_LIVE: Duration = Duration::from_secs(2);
/// Columns for the name of a step.
const NAME_WIDTH: usize = 34;
/// Characters of a moving line: a longer one would wrap on a small terminal and could not be painted over.
const LINE_WIDTH: usize = 79;
/// Characters of a plain line.
const PLAIN_WIDTH: usize = 160;

impl Step {
    /// A step begins.
    pub fn begin(name: impl Into<String>) -> Self {
        Self::paced(name.into(), PLAIN)
    }

    /// A step begins whose notes are worth reading one by one.
    pub fn live(name: impl Into<String>) -> Self {
        Self::paced(name.into(), PLAIN_LIVE)
    }

    fn paced(name: String, pause: Duration) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let shared = Arc::new(Shared {
            name,
            started: Instant::now(),
            terminal,
            pause: if terminal { FRAME } else { pause },
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let painter = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.paint())
        };
        Self { shared, painter: Some(painter) }
    }

    /// What the step is at.
    pub fn note(&self, note: impl Into<String>) {
        self.shared.state().note = note.into();
    }

    /// A line that stays above the step's own.
    pub fn say(&self, text: &str) {
        let erase = if self.shared.terminal { "\r\x1b[2K" } else { "" };
        write(&format!("{erase}  {text}\n"));
    }

    /// The step came to its end; `detail` is what came of it.
    pub fn done(mut self, detail: &str) {
        self.end(MARK_DONE, detail);
    }

    fn end(&mut self, mark: Mark, detail: &str) {
        let Some(painter) = self.painter.take() else { return };
        self.shared.state().over = true;
        self.shared.changed.notify_all();
        let _ = painter.join();
        let (erase, mark) =
            if self.shared.terminal { ("\r\x1b[2K", mark.coloured()) } else { ("", mark.plain()) };
        let line = format!("{mark} {:NAME_WIDTH$} {:>7}  {detail}", self.shared.name, self.shared.elapsed());
        write(&format!("{erase}{}\n", line.trim_end()));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.end(MARK_FAILED, "");
    }
}

impl Shared {
    /// The painter's life: a frame on terminals, a plain line elsewhere, until the step is over.
    fn paint(&self) {
        let mut written = (Instant::now(), String::new());
        let mut state = self.state();
        for frame in 0.. {
            if self.terminal {
                write(&self.moving_line(&state.note, frame));
            } else if written.1 != state.note || written.0.elapsed() >= PLAIN {
                write(&self.plain_line(&state.note));
                written = (Instant::now(), state.note.clone());
            }
            let wait = self.changed.wait_timeout_while(state, self.pause, |state| !state.over);
            (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
            if state.over {
                return;
            }
        }
    }

    fn plain_line(&self, note: &str) -> String {
        let line: String =
            format!("… {} ({}) {note}", self.name, self.elapsed()).chars().take(PLAIN_WIDTH).collect();
        format!("{}\n", line.trim_end())
    }

    fn moving_line(&self, note: &str, frame: usize) -> String {
        const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
        let line = format!(
            "{} {:NAME_WIDTH$} {:>7}  {note}",
            FRAMES[frame % FRAMES.len()],
            self.name,
            self.elapsed()
        );
        let line: String = line.chars().filter(|c| !c.is_control()).take(LINE_WIDTH).collect();
        format!("\r\x1b[2K{line}")
    }

    fn elapsed(&self) -> String {
        duration(self.started.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sign before a step that is over.
#[derive(Clone, Copy)]
struct Mark {
    sign: char,
    colour: u8,
}

const MARK_DONE: Mark = Mark { sign: '✔', colour: 32 };
const MARK_FAILED: Mark = Mark { sign: '✘', colour: 31 };

impl Mark {
    fn plain(self) -> String {
        self.sign.to_string()
    }

    fn coloured(self) -> String {
        if std::env::var_os("NO_COLOR").is_some() {
            return self.plain();
        }
        format!("\x1b[{}m{}\x1b[0m", self.colour, self.sign)
    }
}

/// A duration as people say it: `3.2s`, `1m 40s`.
pub fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 60.. => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{:.1}s", duration.as_secs_f64()),
    }
}

/// The last lines of a log file, for an error that has its cause there; empty when it cannot be read.
pub fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// In one piece, so that lines of concurrent steps never mix. A closed standard error is nobody's problem.
fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_people_say_them() {
        assert_eq!(duration(Duration::from_millis(3240)), "3.2s");
        assert_eq!(duration(Duration::from_secs(100)), "1m 40s");
    }

    #[test]
    fn the_last_lines_of_a_log_are_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, "one\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(&log, 2), "two\nthree");
        assert_eq!(last_lines(&log, 20), "one\ntwo\nthree");
        assert_eq!(last_lines(&folder.path().join("none"), 20), "");
    }

    #[test]
    fn a_step_that_is_over_leaves_no_painter_behind() {
        let step = Step::begin("wait");
        step.note("for nothing");
        let shared = Arc::downgrade(&step.shared);
        step.done("");
        assert!(shared.upgrade().is_none(), "the painter still holds the step");
    }
}
