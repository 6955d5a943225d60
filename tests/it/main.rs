//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod arbitrary;
mod auth;
mod contract;
mod credentials;
mod database;
mod demo;
mod diff;
mod evidence;
mod export;
mod harness;
mod history;
mod interruption;
mod pages;
mod people;
mod quirks;
mod real_answers;
mod reports;
mod retries;
mod secrets;
mod shapes;
mod snapshots;
mod sync;
mod tables;
mod verify;
mod xlsx;
