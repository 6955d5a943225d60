//! How a report can be written: what `--format` and `--formula-guard` take, and what the manifest records.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Csv,
    Xlsx,
    Jsonl,
}

impl Format {
    pub(crate) const ALL: [Format; 3] = [Format::Csv, Format::Xlsx, Format::Jsonl];

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Jsonl => "jsonl",
        }
    }
}

/// What to do with a text cell that a spreadsheet would run as a formula.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Guard {
    /// Put a `'` in front
    #[default]
    Quote,
    /// Leave it as it is
    Off,
    /// Refuse to export
    Fail,
}
