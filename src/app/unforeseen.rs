//! A panic is reported like any other failure: one line, exit code 1.
//!
//! The panic's message is left out, because it can quote the text that caused it, and that text could
//! contain a token. The source location is enough to find the bug.
//!
//! When memory runs out, Rust says so and aborts; the exit code is then the one for local storage.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use signal_hook::consts::SIGABRT;
use signal_hook::flag;

use crate::error::{Error, Kind};
use crate::ui::Ui;

thread_local! {
    /// Whether a panic in this thread is expected and becomes an error.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` if it panicked, which is reported by then.
pub(crate) fn caught<T>(ui: Ui, work: impl FnOnce() -> T) -> Option<T> {
    // A panic in one thread often causes others: the first one is the cause.
    static TOLD: Once = Once::new();
    let aborts = Arc::new(AtomicBool::new(true));
    let _ = flag::register_conditional_shutdown(SIGABRT, Kind::Storage.exit_code().into(), aborts);
    panic::set_hook(Box::new(move |panic| {
        if EXPECTED.get() {
            return;
        }
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        TOLD.call_once(|| {
            let message = format!("internal error in fbsync at {place}");
            ui.error(&Error::new(Kind::Unexpected, message).hint(
                "run the command again: the stored data is intact; if it happens again, report the location",
            ));
        });
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Runs library code that panics where it should fail; the panic message becomes the error.
pub(crate) fn expecting_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = EXPECTED.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    done.map_err(|panic| match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(_) => "the library gave up".to_owned(),
    })
}
