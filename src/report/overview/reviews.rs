//! The reviews recorded for the snapshot, and what is still to do.

use super::shown::{Listed, Shown};

/// Shown only where there are reviews.
pub(super) struct Reviews {
    pub(super) decided: usize,
    pub(super) rows: usize,
    pub(super) to_do: Listed<ToDo>,
}

/// Something that was decided and is not carried out, or not decided.
pub(super) struct ToDo {
    pub(super) person: Shown,
    pub(super) business: Shown,
    /// The decision, in words.
    pub(super) decision: Shown,
    /// What became of it, in words.
    pub(super) outcome: Shown,
}
