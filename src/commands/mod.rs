//! One verb a file, or a folder where it takes several, to be read from top to bottom.

pub(crate) mod auth;
mod choose;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod export;
mod lists;
pub(crate) mod logout;
pub(crate) mod man;
mod outputs;
pub(crate) mod refresh;
pub(crate) mod review;
pub(crate) mod snapshots;
pub(crate) mod status;
pub(crate) mod sync;
pub(crate) mod verify;
pub(crate) mod who;
