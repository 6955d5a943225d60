//! What the process gets from outside, read once: environment, clock, signals, terminal, folders.
//!
//! No other folder reads the environment or the time; every variable is in [`environment`].

#![expect(clippy::disallowed_methods, reason = "this is the place where they are allowed")]

mod clock;
mod desktop;
pub(crate) mod environment;
mod terminal;
mod typed;
mod unforeseen;

use std::env;
use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::origin::Origin;
use crate::shell;
use crate::stop::Stop;
use crate::ui::{ColorChoice, Ui};
pub(crate) use clock::Clock;
pub(crate) use desktop::{has_desktop, open_browser};
pub(crate) use typed::Typed;
pub(crate) use unforeseen::{caught, expecting_panic};

/// FreshBooks' own hosts (API documentation, "Authentication").
pub(crate) const FRESHBOOKS_API: &str = "https://api.freshbooks.com";
const FRESHBOOKS_AUTH: &str = "https://auth.freshbooks.com";

/// Where FreshBooks is: two origins, named as in the official SDKs.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) api: Origin,
    pub(crate) auth: Origin,
}

impl fmt::Display for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.api == self.auth {
            true => write!(f, "{}", self.api),
            false => write!(f, "{} and {}", self.api, self.auth),
        }
    }
}

/// The options that all commands share.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) profile: String,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) quiet: bool,
    pub(crate) verbosity: u8,
    pub(crate) color: ColorChoice,
    pub(crate) json: bool,
    pub(crate) no_input: bool,
}

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) ui: Ui,
    pub(crate) clock: Clock,
    pub(crate) stop: Stop,
    pub(crate) endpoints: Endpoints,
    pub(crate) profile: String,
    pub(crate) json: bool,
    pub(crate) no_input: bool,
    state_dir: Option<PathBuf>,
    /// The same, if a flag set it. The environment is left out because a later command still has it.
    named_state_dir: Option<PathBuf>,
    /// The profile if no flag names one.
    usual_profile: String,
    /// The database that the command works with, once it is known.
    database: Arc<OnceLock<PathBuf>>,
}

impl App {
    pub(crate) fn from_process(settings: Settings, ui: Ui) -> Result<Self> {
        let endpoints = Endpoints {
            api: environment::api_origin(FRESHBOOKS_API)?,
            auth: environment::auth_origin(FRESHBOOKS_AUTH)?,
        };
        Ok(App {
            ui,
            clock: Clock::from_process()?,
            stop: Stop::install(move |error| ui.error(error))?,
            endpoints,
            profile: settings.profile,
            json: settings.json,
            no_input: settings.no_input,
            state_dir: settings.state_dir.clone().or_else(default_state_dir),
            named_state_dir: settings.state_dir.filter(|folder| !environment::names_state_dir(folder)),
            usual_profile: environment::profile()?,
            database: Arc::default(),
        })
    }

    /// The database's path, `{profile}` replaced by the profile's name.
    pub(crate) fn database(&self, given: &Path) -> Result<PathBuf> {
        let Some(text) = given.to_str() else { return Ok(given.to_owned()) };
        match text.is_empty() {
            true => {
                Err(Error::new(Kind::Usage, "the name of the database is empty").hint("--db audit.sqlite"))
            }
            false => {
                let path: PathBuf = text.replace("{profile}", &self.profile).into();
                self.database.get_or_init(|| path.clone());
                Ok(path)
            }
        }
    }

    /// An error whose hints name the database that the command works with.
    pub(crate) fn explained(&self, error: Error) -> Error {
        match self.database.get() {
            Some(path) => error.about_database(&shell::path(path)),
            None => error,
        }
    }

    /// A copy for the demo: another server, separate sign-ins, and every result printed.
    pub(crate) fn for_demo(&self, endpoints: Endpoints, state_dir: PathBuf) -> Self {
        let ui = Ui { verbosity: self.ui.verbosity.max(1), suggests: false, ..self.ui };
        let (profile, state_dir) = ("default".to_owned(), Some(state_dir));
        let named_state_dir = state_dir.clone();
        App { ui, endpoints, profile, state_dir, named_state_dir, json: false, ..self.clone() }
    }

    /// A copy with one origin for everything, as FreshBooks Classic needs.
    pub(crate) fn at(&self, origin: Origin) -> Self {
        App { endpoints: Endpoints { api: origin.clone(), auth: origin }, ..self.clone() }
    }

    /// A copy with another profile.
    pub(crate) fn for_profile(&self, name: &str) -> Self {
        App { profile: name.to_owned(), ..self.clone() }
    }

    /// The folder of stored sign-ins.
    pub(crate) fn state_dir(&self) -> Result<PathBuf> {
        self.state_dir.clone().ok_or_else(|| {
            Error::new(Kind::Config, "there is no home folder to store the sign-in in")
                .hint("fbsync --state-dir /path/to/folder …, or set FBSYNC_STATE_DIR")
        })
    }
}

/// How to print, from the settings and the terminal. Created before anything can fail.
pub(crate) fn ui(settings: &Settings) -> Ui {
    let dumb = environment::is_dumb_terminal();
    let terminal = io::stderr().is_terminal();
    Ui {
        quiet: settings.quiet,
        verbosity: settings.verbosity,
        color: match settings.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !dumb && !environment::no_color(),
        },
        may_ask: !settings.no_input && io::stdin().is_terminal() && terminal,
        draws: terminal && !dumb && !settings.quiet && !settings.json,
        suggests: terminal && !settings.quiet && !settings.json,
        width: terminal::width(io::stdout()),
        talk_width: terminal::width(io::stderr()),
    }
}

/// The name this program was called by, for printed commands.
pub(crate) fn program() -> String {
    env::args().next().map_or_else(|| "fbsync".to_owned(), |called| shell::name(&called))
}

/// The operating system account that runs the process, recorded with each snapshot.
pub(crate) fn os_user() -> String {
    environment::user().unwrap_or_else(|| format!("uid {}", rustix::process::geteuid().as_raw()))
}

/// The machine's name, recorded with each snapshot.
pub(crate) fn host_name() -> String {
    let real = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    environment::test_host().unwrap_or_else(real)
}

/// `$XDG_STATE_HOME/fbsync`, also on macOS; `None` without a home.
fn default_state_dir() -> Option<PathBuf> {
    Some(environment::state_home()?.join("fbsync"))
}

/// How long to wait for a lock that is usually free within `usual`.
pub(crate) fn patience(usual: Duration) -> Duration {
    environment::test_patience().unwrap_or(usual)
}

/// Kills the process as `kill -9` would if a test chose this step, so that it leaves what a power cut
/// would leave. With `HUP:` or similar in front of the step, sends that signal; with `panic:`, panics.
pub(crate) fn die_if_chosen(step: &str) {
    use rustix::process::{Signal, getpid, kill_process};
    let Some(chosen) = environment::test_die_at() else { return };
    let (how, when) = chosen.split_once(':').unwrap_or(("KILL", &chosen));
    if when != step {
        return;
    }
    let signal = match how {
        "HUP" => Signal::HUP,
        "INT" => Signal::INT,
        "QUIT" => Signal::QUIT,
        "TERM" => Signal::TERM,
        "panic" => panic!("the test chose to panic at {step}"),
        _ => Signal::KILL,
    };
    let _ = kill_process(getpid(), signal);
}
