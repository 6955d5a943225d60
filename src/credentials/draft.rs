//! A new pair on its way to `<profile>.json`, by way of `<profile>.next`.
//!
//! The draft has a fixed name because the pair in it cannot be had again: if the way was cut short, the
//! next run that holds the lock completes it, and whoever only looks counts it as if that had been done.
//! A pair that cannot be put in its place is kept in another.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::profile::Profile;
use super::store::{Store, encode};
use crate::app;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::shell;

/// How often, and how far apart, writing a new pair is tried before another place is taken.
const WRITE_TRIES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

impl Store {
    pub(crate) fn draft(&self) -> PathBuf {
        self.beside("next")
    }

    /// [`Store::load`] for whoever holds the lock: first completes what an interrupted run had
    /// begun.
    pub(crate) fn load_completed(&self) -> Result<Option<Profile>> {
        let stored = self.load()?;
        let Some(newer) = self.drafted(stored.as_ref())? else { return Ok(stored) };
        fsutil::put_in_place(&self.draft(), self.file()).map_err(|error| self.cannot_write(&error))?;
        self.app.ui.note("put a pair of tokens in its place that an interrupted run had written beside it");
        Ok(Some(newer))
    }

    /// What [`Store::load_completed`] would give, for whoever is to change nothing.
    pub(crate) fn load_as_if_completed(&self) -> Result<Option<Profile>> {
        let stored = self.load()?;
        Ok(self.drafted(stored.as_ref())?.or(stored))
    }

    /// The pair in the draft, if it is whole and takes the place of what is stored. If the machine cannot
    /// read it now, that is an error: the next write would replace it.
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

    /// Stores a pair that cannot be had again: in its place, beside it, or at least somewhere.
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

    /// Says where the pair is kept instead, and how it gets back.
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
                ", nor anywhere else: they are lost".to_owned(),
                format!("make room, then: {}", self.command("auth")),
            ),
        };
        let missed = "FreshBooks gave new tokens, and they could not be written to";
        Error::new(Kind::Storage, format!("{missed} {file}{kept}")).hint(hint)
    }
}
