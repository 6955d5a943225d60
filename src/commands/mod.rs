//! One verb a file, readable from top to bottom.

pub(crate) mod export;
pub(crate) mod snapshots;
pub(crate) mod sync;
pub(crate) mod verify;
