//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod auth;
mod credentials;
mod evidence;
mod harness;
mod reports;
mod xlsx;
