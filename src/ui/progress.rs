//! A bar for a person who watches; nothing in a pipe, in cron, under `-q` or `--json`.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;

/// The bar on screen, if there is one: whoever prints a line has to move it out of the way.
static ON_SCREEN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Often enough to look alive, seldom enough to cost nothing.
const REDRAW: Duration = Duration::from_millis(200);

/// Work under way. The bar is gone when this is dropped, so before any error is printed.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    pub(crate) businesses: u64,
    pub(crate) members: u64,
    pub(crate) retries: u64,
}

impl Ui {
    /// A bar over `businesses`, where there is a terminal to draw on.
    pub(crate) fn progress(&self, businesses: u64) -> Progress {
        let bar = self.draws.then(|| {
            let bar = ProgressBar::with_draw_target(Some(businesses), ProgressDrawTarget::stderr_with_hz(5));
            let template = "{bar:24} {pos}/{len} businesses, {msg}";
            bar.set_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(REDRAW);
            *ON_SCREEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
            bar
        });
        Progress { bar, started: Instant::now() }
    }
}

impl Progress {
    pub(crate) fn tell(&self, status: Status) {
        let Some(bar) = &self.bar else { return };
        let Status { businesses, members, retries } = status;
        let rate = members as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        let retries = if retries > 0 { format!(", {retries} asked again") } else { String::new() };
        bar.set_position(businesses);
        bar.set_message(format!("{members} members, {rate:.0}/s{retries}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            *ON_SCREEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// Runs `print` with the bar out of the way.
pub(super) fn aside(print: impl FnOnce() -> io::Result<()>) {
    let bar = ON_SCREEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // Nobody is left to be told when standard error is closed.
    let _ = match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    };
}
