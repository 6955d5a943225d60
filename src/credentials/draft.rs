//! `<profile>.next`: a new pair on its way to `<profile>.json`.
//!
//! It has a fixed name because the pair in it cannot be had again: if the way was cut short, the next
//! run that holds the lock completes it, and whoever only looks counts it as if that had been done.

use std::io;
use std::path::PathBuf;

use super::profile::Profile;
use super::store::Store;
use crate::app;
use crate::error::{Kind, Result};
use crate::fsutil;
use crate::ui::Ui;

impl Store {
    pub(crate) fn draft(&self) -> PathBuf {
        self.beside("next")
    }

    /// [`Store::load`] for whoever holds the lock: first completes what an interrupted run had
    /// begun.
    pub(crate) fn load_completed(&self, ui: Ui) -> Result<Option<Profile>> {
        let stored = self.load()?;
        let Some(newer) = self.drafted(stored.as_ref())? else { return Ok(stored) };
        fsutil::put_in_place(&self.draft(), self.file()).map_err(|error| self.cannot_write(&error))?;
        ui.note("put a pair of tokens in its place that an interrupted run had written beside it");
        Ok(Some(newer))
    }

    /// What [`Store::load_completed`] would give, for whoever is to change nothing.
    pub(crate) fn load_as_if_completed(&self) -> Result<Option<Profile>> {
        let stored = self.load()?;
        Ok(self.drafted(stored.as_ref())?.or(stored))
    }

    /// One try to put a pair away that cannot be had again.
    pub(super) fn save_by_way_of_draft(&self, bytes: &[u8]) -> io::Result<()> {
        let draft = self.draft();
        fsutil::write_draft(&draft, bytes)?;
        app::die_if_chosen("before-rename");
        fsutil::put_in_place(&draft, self.file())?;
        app::die_if_chosen("after-rename");
        Ok(())
    }

    /// The pair in the draft, if it is whole and takes the place of what is stored. One that cannot be
    /// read for the machine's sake is an error: the next write would replace it.
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
}
