//! The status as a tree: layers, what is open in them, and what waits for that.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use crate::{
    api::{
        VideoPipelineStatus,
        status::{Phase, ResourceState, ResourceStatus},
    },
    engine::Address,
};

use super::{
    conditions::LAYERS,
    requeue::between,
    text::{Color, Header, Style, lasting},
    words::{PART, few, spaced},
};

/// Most rows of which nothing is to be said but their state that have a line each.
const ALIKE: usize = 3;

/// Column at which the sum of the first line ends.
const WIDTH: usize = 100;

/// The status as a tree: a line for each layer, below it whatever is not as wanted, and what waits for that.
pub fn status_tree(
    header: &Header<'_>,
    status: &VideoPipelineStatus,
    now: Timestamp,
    style: Style,
) -> String {
    let tree = Tree { status, now, style };
    let mut lines = vec![tree.first(header)];
    let layers = LAYERS.iter().flat_map(|(_, layers)| *layers).copied().chain([Address::ANYWHERE]);
    for layer in layers {
        let rows: Vec<_> =
            status.resources.iter().filter(|row| row.address.starts_with(&format!("{layer}/"))).collect();
        if !rows.is_empty() {
            lines.extend(tree.layer(layer, &rows));
        }
    }
    // Where no row says what is wrong, the whole does.
    let said =
        |row: &ResourceStatus| is_open(row) && row.state != ResourceState::Unknown || row.message.is_some();
    if status.phase != Some(Phase::Ready) && !status.resources.iter().any(said) {
        lines.extend(status.message.iter().flat_map(|message| message.split(PART)).map(branch));
    }
    lines.join("\n")
}

struct Tree<'a> {
    status: &'a VideoPipelineStatus,
    now: Timestamp,
    style: Style,
}

impl Tree<'_> {
    fn first(&self, header: &Header<'_>) -> String {
        let phase = self.status.phase.map(|phase| format!("{phase:?}")).unwrap_or("Pending".to_owned());
        let sum = match self.status.resources_ready.as_deref().and_then(|ready| ready.split_once('/')) {
            Some((ready, of)) => format!("{phase}, {ready} of {of}"),
            None => phase,
        };
        let line = header.line();
        let space = WIDTH.saturating_sub(line.chars().count() + sum.chars().count()).max(3);
        format!("{line}{}{sum}", " ".repeat(space))
    }

    fn layer(&self, layer: &str, rows: &[&ResourceStatus]) -> Vec<String> {
        let ready = rows.iter().filter(|row| row.state == ResourceState::Ready).count();
        // What is not wanted has no name of its own.
        let wanted = rows.iter().filter(|row| row.name.is_some()).count();
        let waits: Vec<&str> = rows.iter().flat_map(|row| &row.waits_for).map(String::as_str).collect();
        let sum = match (ready == rows.len(), rows.iter().any(|row| is_open(row))) {
            (true, _) => tally(rows),
            (false, false) if !waits.is_empty() => {
                format!("waits for {}", few(&distinct(&waits), 6, ", "))
            }
            (false, _) if wanted == 0 && rows.iter().all(|row| row.state == ResourceState::Unknown) => {
                "not read".to_owned()
            }
            (false, _) if self.status.phase == Some(Phase::Deleting) => format!("{} left", rows.len()),
            (false, _) => format!("{ready} of {wanted} as wanted"),
        };
        let state = rows.iter().map(|row| row.state).max_by_key(|state| weight(*state));
        let mut lines =
            vec![format!("{} {layer:<12} {sum}", self.mark(state.unwrap_or(ResourceState::Ready)))];
        let alike = self.alike(rows);
        lines.extend(alike.iter().map(|rows| self.together(rows)));
        let told = |row: &ResourceStatus| alike.iter().flatten().any(|other| other.address == row.address);
        let listed = rows.iter().filter(|row| !told(row) && (is_open(row) || self.style.ids));
        let widest = |text: fn(&ResourceStatus) -> &str| {
            listed.clone().map(|row| text(row).chars().count()).max().unwrap_or(0)
        };
        let widths = [widest(|row| &row.address), widest(called)];
        lines.extend(listed.flat_map(|row| match is_open(row) {
            true => self.open(row, widths),
            false => vec![self.closed(row, widths)],
        }));
        lines
    }

    /// Rows of one state of which nothing else is to be said, where there are many.
    fn alike<'r>(&self, rows: &[&'r ResourceStatus]) -> Vec<Vec<&'r ResourceStatus>> {
        let silent = |row: &&&ResourceStatus| row.message.is_none() && self.waiting(row).is_empty();
        let of =
            |state| rows.iter().filter(silent).filter(|row| row.state == state).copied().collect::<Vec<_>>();
        let states = [ResourceState::Creating, ResourceState::Deleting, ResourceState::Unknown];
        states.map(of).into_iter().filter(|rows| rows.len() > ALIKE && !self.style.ids).collect()
    }

    fn together(&self, rows: &[&ResourceStatus]) -> String {
        let names: Vec<_> = rows.iter().map(|row| row.address.clone()).collect();
        let (mark, state) = match rows.first() {
            Some(row) => (self.mark(row.state), format!("{:?}", row.state).to_lowercase()),
            None => Default::default(),
        };
        format!("    {mark} {state}: {}", few(&names, 6, ", "))
    }

    /// What waits for it.
    fn waiting(&self, row: &ResourceStatus) -> Vec<String> {
        let waits = |other: &&ResourceStatus| other.waits_for.contains(&row.address);
        self.status.resources.iter().filter(waits).map(|other| other.address.clone()).collect()
    }

    /// A resource of which nothing is to be said but where it is.
    fn closed(&self, row: &ResourceStatus, [width, _]: [usize; 2]) -> String {
        let id = row.id.as_deref().unwrap_or_default();
        format!("    {} {:<width$}  {id}", self.mark(row.state), row.address).trim_end().to_owned()
    }

    /// A resource that is the cause of something, and what waits for it.
    fn open(&self, row: &ResourceStatus, [width, names]: [usize; 2]) -> Vec<String> {
        let since = row.since.map(|since| between(since, self.now)).unwrap_or_default();
        let state = format!("{:?}", row.state).to_lowercase();
        let head = format!("{:<width$}  {:<names$}  {state}{}", row.address, called(row), lasted(since));
        let mut lines = vec![format!("    {} {head}", self.mark(row.state))];
        lines.extend(row.message.iter().flat_map(|message| message.split(PART)).map(branch));
        let waiting = self.waiting(row);
        if !waiting.is_empty() {
            lines.push(branch(&format!("waits for it: {}", few(&waiting, 6, ", "))));
        }
        lines
    }

    fn mark(&self, state: ResourceState) -> String {
        let (color, mark) = match state {
            ResourceState::Ready => (Color::Green, "✔"),
            ResourceState::Creating | ResourceState::Updating | ResourceState::Deleting => {
                (Color::Yellow, "…")
            }
            ResourceState::Waiting => (Color::Grey, "·"),
            ResourceState::Blocked | ResourceState::Failed => (Color::Red, "✘"),
            ResourceState::Unknown => (Color::Cyan, "?"),
        };
        self.style.paint(color, mark)
    }
}

/// What AWS calls it.
fn called(row: &ResourceStatus) -> &str {
    row.name.as_deref().or(row.id.as_deref()).unwrap_or_default()
}

fn lasted(since: Duration) -> String {
    if since.as_secs() == 0 { String::new() } else { format!(" for {}", lasting(since)) }
}

fn branch(text: &str) -> String {
    format!("      └ {text}")
}

/// True iff something is to be said of the row beside what it waits for.
fn is_open(row: &ResourceStatus) -> bool {
    !matches!(row.state, ResourceState::Ready | ResourceState::Waiting)
}

/// The worst state of several has the greatest weight.
fn weight(state: ResourceState) -> u8 {
    match state {
        ResourceState::Ready => 0,
        ResourceState::Waiting => 1,
        ResourceState::Creating | ResourceState::Updating | ResourceState::Deleting => 2,
        ResourceState::Unknown => 3,
        ResourceState::Blocked => 4,
        ResourceState::Failed => 5,
    }
}

/// `VPC vpc-0a1b, 4 subnets, internet gateway`.
fn tally(rows: &[&ResourceStatus]) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        if !kinds.contains(&row.kind.as_str()) {
            kinds.push(&row.kind);
        }
        *numbers.entry(&row.kind).or_default() += 1;
    }
    let said = kinds.iter().map(|kind| match numbers.get(kind) {
        Some(number) if *number > 1 => format!("{number} {}", plural(&spaced(kind))),
        _ => spaced(kind),
    });
    let mut said: Vec<_> = said.collect();
    // The first of a layer is what the rest of it is built on.
    if let (Some(first), Some(row)) = (said.first_mut(), rows.first())
        && numbers.get(row.kind.as_str()) == Some(&1)
        && let Some(id) = row.id.as_ref().filter(|id| !id.starts_with("arn:")).or(row.name.as_ref())
    {
        *first += &format!(" {id}");
    }
    said.join(", ")
}

fn plural(words: &str) -> String {
    match words {
        words if words.ends_with('s') => words.to_owned(),
        words => match words.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{words}s"),
        },
    }
}

fn distinct(texts: &[&str]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts {
        if !distinct.iter().any(|known| known == text) {
            distinct.push((*text).to_owned());
        }
    }
    distinct
}
