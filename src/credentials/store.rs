//! The files of the stored sign-ins: where they are, who may read them, how they are replaced.
//!
//! - `<profile>.json` is the sign-in, `<profile>.lock` the lock, which is never renamed or deleted.
//! - `<profile>.next` is a new pair on its way to `<profile>.json`; `draft` tells of it.
//! - A file that others can read, that is not ours, damaged, or newer than this program is reported
//!   and left alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::classic::{self, ClassicProfile};
use super::place;
use super::profile::{Profile, VERSION};
use crate::app::{self, App};
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil::{self, Lock, kind_of};
use crate::shell;

/// A rotation takes seconds, and half a minute at worst; who waits longer than this waits for a
/// hung process.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sign-in takes a few kilobytes, and some more for each business.
const LARGEST: u64 = 16 << 20;

/// One profile's files, and the run that uses them.
#[derive(Clone)]
pub(crate) struct Store {
    /// With this profile as its own.
    pub(super) app: App,
    file: PathBuf,
    /// Where this process runs.
    pub(super) here: Option<String>,
}

/// What a file holds.
pub(crate) enum Stored {
    Usual(Profile),
    Classic(ClassicProfile),
}

/// To be read before anything else is believed.
#[derive(Deserialize)]
struct Head {
    version: u32,
    /// Only those of Classic have one.
    kind: Option<String>,
}

impl Store {
    /// The one of `app.profile`.
    pub(crate) fn new(app: &App) -> Result<Self> {
        let folder = std::path::absolute(app.state_dir()?)
            .context(Kind::Config, || "cannot tell where the state folder is".to_owned())?;
        let file = folder.join(format!("{}.json", app.profile));
        Ok(Store { app: app.clone(), file, here: place::here()? })
    }

    /// One for every profile in the folder, by name, also where the first pair never came to its place.
    /// A folder that is not there holds none, nor does a machine that has no place for one.
    pub(crate) fn all(app: &App) -> Result<Vec<Self>> {
        let Ok(folder) = app.state_dir() else { return Ok(Vec::new()) };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => {
                entries.map_err(fsutil::failing(|| format!("cannot read the folder {}", folder.display())))?
            }
        };
        let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let name =
            |file: String| Some([".json", ".next"].iter().find_map(|end| file.strip_suffix(end))?.to_owned());
        let names: BTreeSet<String> = files.filter_map(name).filter(|name| !name.starts_with('.')).collect();
        names.iter().map(|name| Store::new(&app.for_profile(name))).collect()
    }

    pub(crate) fn name(&self) -> &str {
        &self.app.profile
    }

    /// Whether there is anything to forget.
    pub(crate) fn exists(&self) -> bool {
        self.file.symlink_metadata().is_ok() || self.draft().exists()
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn beside(&self, extension: &str) -> PathBuf {
        self.file.with_file_name(format!("{}.{extension}", self.name()))
    }

    /// A command to be typed about this sign-in.
    pub(crate) fn command(&self, words: &str) -> String {
        self.app.command(words)
    }

    /// Whether a sign-in was stored in another place, where it may still be in use.
    pub(crate) fn is_copied(&self, profile: &Profile) -> bool {
        !place::same(profile.place.as_deref(), self.here.as_deref())
    }

    /// Takes the lock under which alone the files change. Makes the folder if need be. A signal ends
    /// the wait.
    pub(crate) fn lock(&self) -> Result<Lock> {
        fsutil::create_private_folder(self.folder())?;
        if let Ok(Some(problem)) = fsutil::folder_problem(self.folder()) {
            return Err(problem);
        }
        let path = self.beside("lock");
        let stop = &self.app.stop;
        match Lock::acquire(&path, app::patience(PATIENCE), || stop.check().is_ok()) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(stop.check().err().unwrap_or_else(|| {
                Error::new(Kind::Locked, format!("another fbsync has held {} for a minute", path.display()))
                    .hint(format!("fuser {} shows which process it is", shell::path(&path)))
            })),
            Err(error) => {
                let message = format!("cannot lock {}; the sign-in is as it was", path.display());
                let hint = fsutil::lock_hint(&error, &path);
                Err(Error::new(kind_of(&error), message).because(error).hint(hint))
            }
        }
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// Why the sign-in may not be used as it lies there: others can get at the file, or put another in its
    /// place.
    pub(crate) fn exposure(&self) -> io::Result<Option<Error>> {
        match fsutil::folder_problem(self.folder()) {
            Ok(Some(problem)) => Ok(Some(problem)),
            _ => fsutil::secrecy_problem(&self.file),
        }
    }

    /// Reads the sign-in, `None` where there is none. One to Classic is refused.
    pub(crate) fn load(&self) -> Result<Option<Profile>> {
        self.load_any()?.map(|stored| self.usual(stored)).transpose()
    }

    /// Reads the sign-in, whichever FreshBooks it is to.
    pub(crate) fn load_any(&self) -> Result<Option<Stored>> {
        match self.exposure() {
            Ok(None) => self.parse_any(&self.file).map(Some),
            Ok(Some(problem)) => Err(problem),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(Error::new(Kind::Config, format!("cannot read {}", self.file.display())).because(error))
            }
        }
    }

    pub(super) fn parse(&self, path: &Path) -> Result<Profile> {
        self.usual(self.parse_any(path)?)
    }

    fn usual(&self, stored: Stored) -> Result<Profile> {
        match stored {
            Stored::Usual(profile) => Ok(profile),
            Stored::Classic(profile) => {
                Err(self.taken_by(&format!("FreshBooks Classic ({})", profile.system)))
            }
        }
    }

    /// A sign-in to FreshBooks and one to Classic do not replace each other: a database belongs to one.
    pub(super) fn taken_by(&self, other: &str) -> Error {
        let message = format!("the profile `{}` holds a sign-in to {other}", self.name());
        let logout = self.command("logout");
        Error::new(Kind::Config, message).hint(format!("name another one with --profile, or first: {logout}"))
    }

    fn parse_any(&self, path: &Path) -> Result<Stored> {
        let shown = path.display();
        let read = fsutil::open_regular(path).and_then(|file| fsutil::read_bounded(file, LARGEST));
        let read = read.map_err(fsutil::failing(|| format!("cannot read {shown}")));
        let bytes = Zeroizing::new(read?);
        // serde's own words may quote the value it stumbled over.
        let damaged = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("{shown} is damaged (line {line}, column {column}); it is left as it is");
            let (file, aside) = (shell::path(path), shell::path(Path::new(&format!("{shown}.damaged"))));
            Error::new(Kind::Config, message).hint(format!("mv {file} {aside} && {}", self.command("auth")))
        };
        let Head { version, kind } = serde_json::from_slice(&bytes).map_err(damaged)?;
        match (version, kind.as_deref()) {
            (VERSION, None) => serde_json::from_slice(&bytes).map(Stored::Usual).map_err(damaged),
            (VERSION, Some(classic::KIND)) => {
                serde_json::from_slice(&bytes).map(Stored::Classic).map_err(damaged)
            }
            _ => {
                let message = format!(
                    "{shown} was written by another version of fbsync (format {version}, this one knows \
                     {VERSION}); it is left as it is"
                );
                Err(Error::new(Kind::Config, message).hint("install the newest fbsync"))
            }
        }
    }

    pub(crate) fn save(&self, profile: &Profile) -> Result<()> {
        self.replace(&encode(profile)?)
    }

    /// Replaces the sign-in in one step.
    pub(super) fn replace(&self, bytes: &[u8]) -> Result<()> {
        let temporary = self.beside("tmp");
        let written = fsutil::write_draft(&temporary, bytes);
        let placed = written.and_then(|()| fsutil::put_in_place(&temporary, &self.file));
        placed.map_err(|error| self.cannot_write(&error))
    }

    /// For a pair that is on its way while the process may run out of handles. Dropped, they are there for
    /// writing it.
    pub(super) fn spare_handles(&self) -> Result<[fs::File; 2]> {
        fsutil::spare_handles(&self.file).map_err(|error| self.cannot_write(&error))
    }

    /// Fails if the sign-in could not be written now. For asking before something is spent or a
    /// person troubled.
    pub(crate) fn prove_writable(&self) -> Result<()> {
        fsutil::prove_writable(&self.file).map_err(|error| self.cannot_write(&error))
    }

    pub(crate) fn forget(&self) -> Result<()> {
        for path in [self.draft(), self.beside("tmp"), self.file.clone()] {
            fsutil::remove_if_there(&path).map_err(|error| {
                Error::new(kind_of(&error), format!("cannot delete {}", path.display())).because(error)
            })?;
        }
        Ok(())
    }

    pub(super) fn cannot_write(&self, error: &io::Error) -> Error {
        Error::new(kind_of(error), format!("cannot write {}", self.file.display())).because(error.to_string())
    }
}

pub(super) fn encode(profile: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = serde_json::to_vec_pretty(profile);
    Ok(Zeroizing::new(bytes.context(Kind::Unexpected, || "cannot encode the sign-in".to_owned())?))
}
