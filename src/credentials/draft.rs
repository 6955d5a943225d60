//! Writes a new pair to `<profile>.json`, by way of the draft `<profile>.next`.
//!
//! The draft has a fixed name because the pair in it cannot be obtained again: after an interruption,
//! the next run that holds the lock completes the write, and a reader without the lock treats it as
//! completed. A pair that cannot be put in its place is kept in another.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::profile::Profile;
use super::store::{Store, encode};
use crate::app;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::shell;

/// How often writing a new pair is tried before another place is used.
const WRITE_TRIES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

impl Store {
    pub(crate) fn draft(&self) -> PathBuf {
        self.beside("next")
    }

    /// [`Store::load`] for the holder of the lock: first completes what an interrupted run started.
    pub(crate) fn load_completed(&self) -> Result<Option<Profile>> {
        let stored = self.load()?;
        let Some(newer) = self.drafted(stored.as_ref())? else { return Ok(stored) };
        fsutil::put_in_place(&self.draft(), self.file()).map_err(|error| self.cannot_write(&error))?;
        self.app.ui.note("completed the write of a token pair that an interrupted run had started");
        Ok(Some(newer))
    }

    /// What [`Store::load_completed`] would return, for callers that must not change anything.
    pub(crate) fn load_as_if_completed(&self) -> Result<Option<Profile>> {
        let stored = self.load()?;
        Ok(self.drafted(stored.as_ref())?.or(stored))
    }

    /// The pair in the draft, if it is complete and replaces the stored one. If it cannot be read now,
    /// that is an error, because the next write would overwrite it.
    fn drafted(&self, stored: Option<&Profile>) -> Result<Option<Profile>> {
        let draft = self.draft();
        if !matches!(fsutil::secrecy_problem(&draft), Ok(None)) {
            return Ok(None);
        }
        match self.parse(&draft) {
            Ok(newer) => Ok(Some(newer).filter(|newer| newer.follows(stored))),
            Err(error) if error.kind() == Kind::Storage => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Stores a pair that cannot be obtained again: in its place, beside it, or at least somewhere.
    pub(super) fn put_away(&self, profile: &Profile) -> Result<()> {
        let bytes = encode(profile)?;
        for _ in 1..WRITE_TRIES {
            if self.save_by_way_of_draft(&bytes).is_ok() {
                return Ok(());
            }
            self.app.clock.pause(BETWEEN_WRITES);
        }
        self.save_by_way_of_draft(&bytes).map_err(|error| self.rescue(&bytes).because(error))
    }

    fn save_by_way_of_draft(&self, bytes: &[u8]) -> io::Result<()> {
        let draft = self.draft();
        fsutil::write_draft(&draft, bytes)?;
        app::die_if_chosen("before-rename");
        fsutil::put_in_place(&draft, self.file())?;
        app::die_if_chosen("after-rename");
        Ok(())
    }

    /// Reports where the pair is kept instead, and how to put it back.
    fn rescue(&self, bytes: &[u8]) -> Error {
        let (file, draft) = (self.file().display(), self.draft());
        let beside = fsutil::write_draft(&draft, bytes).map(|()| draft.clone());
        let (kept, hint) = match beside.or_else(|_| fsutil::rescue(bytes)) {
            Ok(place) if place == draft => (
                format!("; they are kept in {}", place.display()),
                format!("make {file} writable and run the command again; it puts them in place"),
            ),
            Ok(place) => (
                format!("; they are kept in {}", place.display()),
                format!(
                    "make {file} writable, then: mv {} {}",
                    shell::path(&place),
                    shell::path(self.file())
                ),
            ),
            Err(_) => (
                "or anywhere else: they are lost".to_owned(),
                format!("free some disk space, then: {}", self.command("auth")),
            ),
        };
        let missed = "FreshBooks issued new tokens, but they could not be written to";
        Error::new(Kind::Storage, format!("{missed} {file}{kept}")).hint(hint)
    }
}
