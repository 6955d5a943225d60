//! One test binary: the program from outside.

mod auth;
mod credentials;
mod harness;
