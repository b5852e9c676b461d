//! How the command line prints.

use std::io::IsTerminal;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::controller::Stored;
use crate::report::text::{Header, Style};

/// Options of every command that prints for people.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Output {
    /// What to print.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub output: Format,

    /// When to use colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub color: When,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Text,
    /// One JSON document.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Output {
    /// How text is dressed.
    pub fn style(self) -> Style {
        let color = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Style { color, ids: false }
    }
}

/// What a text about `resource` begins with.
pub fn header<'a>(resource: &'a Stored, account_id: Option<&'a str>) -> Header<'a> {
    let owner = resource.status.owner.as_deref();
    Header { resource: resource.described(owner), suffix: resource.suffix(), account_id }
}

/// What a document about `resource` begins with.
pub fn document(resource: &Stored) -> Value {
    let (namespace, name) = resource.reference();
    json!({
        "namespace": namespace,
        "name": name,
        "environment": resource.suffix(),
        "region": resource.region(),
    })
}
