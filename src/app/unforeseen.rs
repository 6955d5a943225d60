//! A panic is told like any other failure: one line, exit code 1.
//!
//! Its own words are left out. They may quote the text that the code stumbled over, which may be a
//! token; the place in the source is what finding the mistake takes.
//!
//! Where memory ran out, Rust says so and aborts: that ends with the exit code of what the machine could
//! not give.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use signal_hook::consts::SIGABRT;
use signal_hook::flag;

use crate::error::{Error, Kind};
use crate::ui::Ui;

thread_local! {
    /// Whether a panic of this thread is an error in the making.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` if it panicked, which has been told by then.
pub(crate) fn caught<T>(ui: Ui, work: impl FnOnce() -> T) -> Option<T> {
    // A thread that panics often takes others along: the first one is the cause.
    static TOLD: Once = Once::new();
    let aborts = Arc::new(AtomicBool::new(true));
    let _ = flag::register_conditional_shutdown(SIGABRT, Kind::Storage.exit_code().into(), aborts);
    panic::set_hook(Box::new(move |panic| {
        if EXPECTED.get() {
            return;
        }
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

/// Runs work of a library that panics where it should fail; the panic's words take the place of an error.
pub(crate) fn expecting_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = EXPECTED.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    done.map_err(|panic| match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(_) => "the library gave up".to_owned(),
    })
}
