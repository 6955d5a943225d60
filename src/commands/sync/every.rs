//! `sync --every`: a service that reads at regular intervals.

use std::time::{Duration, Instant};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::time::spoken;

/// Runs `once`, then again every `apart`, measured from start to start. Ends with a signal or an error
/// that no later round could fix; temporary errors are reported, and the next round follows.
pub(super) fn repeat(app: &App, apart: Duration, once: impl Fn() -> Result<()>) -> Result<()> {
    if apart.is_zero() {
        return Err(Error::new(Kind::Usage, "--every must be longer than zero").hint("--every 6h"));
    }
    let mut recorded = 0;
    loop {
        let began = Instant::now();
        match once() {
            Ok(()) => recorded += 1,
            Err(error) if passes_by(error.kind()) => {
                recorded += u32::from(error.kind() == Kind::Partial);
                app.ui.error(&error);
            }
            Err(error) => return Err(error),
        }
        let rest = apart.saturating_sub(began.elapsed());
        app.ui.detail(1, format_args!("the next round begins in {}", spoken(rest)));
        app.clock.sleep(rest, &app.stop).map_err(|error| match error.kind() {
            kind @ Kind::Interrupted(_) => {
                Error::new(kind, format!("interrupted between two rounds; snapshots recorded: {recorded}"))
            }
            _ => error,
        })?;
    }
}

/// Whether the next round can succeed without intervention.
fn passes_by(kind: Kind) -> bool {
    matches!(kind, Kind::Unavailable | Kind::Partial | Kind::Locked)
}
