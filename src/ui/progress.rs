//! A progress bar for a person watching; nothing in a pipe, in cron, with `-q` or `--json`.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ui;

/// The bar on screen, if there is one: it is hidden while a line is printed.
static ON_SCREEN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Often enough to look alive, rarely enough to cost nothing.
const REDRAW: Duration = Duration::from_millis(200);

/// Work in progress. Dropping this removes the bar, so it is gone before any error is printed.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
}

/// How far the work has got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    pub(crate) businesses: u64,
    pub(crate) members: u64,
    pub(crate) retries: u64,
}

impl Ui {
    /// A bar that counts `businesses`, if there is a terminal to draw on.
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

/// Hides the bar, runs `print`, and shows it again.
pub(super) fn aside(print: impl FnOnce() -> io::Result<()>) {
    let bar = ON_SCREEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // If standard error is closed, there is nobody to tell.
    let _ = match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    };
}
