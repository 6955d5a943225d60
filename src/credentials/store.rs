//! The files of the stored sign-ins: where they are, who can read them, and how they are replaced.
//!
//! - `<profile>.json` is the sign-in, `<profile>.lock` the lock, which is never renamed or deleted.
//! - `<profile>.next` is a new pair on its way to `<profile>.json`; see `draft`.
//! - A file that others can read, that is not ours, damaged, or newer than this program is reported and
//!   not touched.

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

/// A rotation takes seconds, and half a minute at most; a longer wait is for a process that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sign-in takes a few kilobytes, and a little more for each business.
const LARGEST: u64 = 16 << 20;

/// One profile's files, and the run that uses them.
#[derive(Clone)]
pub(crate) struct Store {
    /// With this profile selected.
    pub(super) app: App,
    file: PathBuf,
    /// Where this process runs.
    pub(super) here: Option<String>,
}

/// The content of a file.
pub(crate) enum Stored {
    Usual(Profile),
    Classic(ClassicProfile),
}

/// Read before anything else in the file is trusted.
#[derive(Deserialize)]
struct Head {
    version: u32,
    /// Only Classic sign-ins have one.
    kind: Option<String>,
}

impl Store {
    /// The store of `app.profile`.
    pub(crate) fn new(app: &App) -> Result<Self> {
        let folder = std::path::absolute(app.state_dir()?)
            .context(Kind::Config, || "cannot tell where the state folder is".to_owned())?;
        let file = folder.join(format!("{}.json", app.profile));
        Ok(Store { app: app.clone(), file, here: place::here()? })
    }

    /// One for each profile in the folder, by name, including those whose first pair is still a draft.
    /// Empty if there is no folder.
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

    /// Whether there is anything to delete.
    pub(crate) fn exists(&self) -> bool {
        self.file.symlink_metadata().is_ok() || self.draft().exists()
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn beside(&self, extension: &str) -> PathBuf {
        self.file.with_file_name(format!("{}.{extension}", self.name()))
    }

    /// A command to type for this sign-in.
    pub(crate) fn command(&self, words: &str) -> String {
        self.app.command(words)
    }

    /// Whether a sign-in was stored in another place, where it could still be in use.
    pub(crate) fn is_copied(&self, profile: &Profile) -> bool {
        !place::same(profile.place.as_deref(), self.here.as_deref())
    }

    /// Takes the lock that is required for any change to the files, and creates the folder if
    /// necessary. A signal ends the wait.
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
                let message = format!("cannot lock {}; the sign-in is unchanged", path.display());
                let hint = fsutil::lock_hint(&error, &path);
                Err(Error::new(kind_of(&error), message).because(error).hint(hint))
            }
        }
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// Why the stored sign-in cannot be used: others can access the file or replace it.
    pub(crate) fn exposure(&self) -> io::Result<Option<Error>> {
        match fsutil::folder_problem(self.folder()) {
            Ok(Some(problem)) => Ok(Some(problem)),
            _ => fsutil::secrecy_problem(&self.file),
        }
    }

    /// Reads the sign-in; `None` if there is none. One to Classic is refused.
    pub(crate) fn load(&self) -> Result<Option<Profile>> {
        self.load_any()?.map(|stored| self.usual(stored)).transpose()
    }

    /// Reads the sign-in, of either kind.
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

    /// A sign-in to FreshBooks and one to Classic do not replace each other, because a database belongs
    /// to only one of them.
    pub(super) fn taken_by(&self, other: &str) -> Error {
        let message = format!("the profile `{}` already has a sign-in to {other}", self.name());
        let logout = self.command("logout");
        Error::new(Kind::Config, message)
            .hint(format!("use another one with --profile, or run this first: {logout}"))
    }

    fn parse_any(&self, path: &Path) -> Result<Stored> {
        let shown = path.display();
        let read = fsutil::open_regular(path).and_then(|file| fsutil::read_bounded(file, LARGEST));
        let read = read.map_err(fsutil::failing(|| format!("cannot read {shown}")));
        let bytes = Zeroizing::new(read?);
        // serde's message can quote the value that it failed at.
        let damaged = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("{shown} is damaged (line {line}, column {column}); it was not changed");
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
                    "{shown} was written by another version of fbsync (format {version}; this one supports \
                     {VERSION}); it was not changed"
                );
                Err(Error::new(Kind::Config, message).hint("install the latest fbsync"))
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

    /// Reserves file handles while a pair is requested, in case the process runs out of them. Dropped,
    /// they can be used to write the pair.
    pub(super) fn spare_handles(&self) -> Result<[fs::File; 2]> {
        fsutil::spare_handles(&self.file).map_err(|error| self.cannot_write(&error))
    }

    /// Fails if the sign-in could not be written now. To be called before something is spent or a
    /// person is asked for anything.
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
