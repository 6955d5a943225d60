//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod arbitrary;
mod auth;
mod changes;
mod contract;
mod corners;
mod credentials;
mod database;
mod demo;
mod diff;
mod evidence;
mod export;
mod harness;
mod help;
mod history;
mod interruption;
mod network;
mod pages;
mod people;
mod quirks;
mod readme;
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
