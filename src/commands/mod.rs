//! One verb a file, to be read from top to bottom.

pub(crate) mod auth;
pub(crate) mod logout;
pub(crate) mod refresh;
pub(crate) mod status;
