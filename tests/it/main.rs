//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod auth;
mod contract;
mod credentials;
mod database;
mod harness;
mod history;
mod pages;
mod quirks;
mod shapes;
mod sync;
mod tables;
mod verify;
