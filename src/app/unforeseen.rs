//! A panic is told like any other failure: one line, exit code 1.
//!
//! Its own words are left out. They may quote the text that the code stumbled over, which may be a
//! token; the place in the source is what finding the mistake takes.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::{Error, Kind};
use crate::ui::Ui;

/// Runs `work`; `None` if it panicked, which has been told by then.
pub(crate) fn caught<T>(ui: Ui, work: impl FnOnce() -> T) -> Option<T> {
    // A thread that panics often takes others along: the first one is the cause.
    static TOLD: Once = Once::new();
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        TOLD.call_once(|| {
            let message = format!("fbsync came upon a mistake of its own, at {place}");
            ui.error(&Error::new(Kind::Unexpected, message).hint(
                "run the command again: what was stored is whole; if it happens again, report the place",
            ));
        });
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}
