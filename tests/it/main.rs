//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod arbitrary;
mod auth;
mod browsers;
mod contract;
mod database;
mod demo;
mod diff;
mod export;
mod harness;
mod history;
mod interruption;
mod leaks;
mod network;
mod origins;
mod outcomes;
mod pages;
mod people;
mod quirks;
mod real_answers;
mod retries;
mod rotation;
mod secrets;
mod seeds;
mod serve;
mod shapes;
mod sharing;
mod signals;
mod snapshots;
mod stores;
mod sync;
mod tables;
mod terminal;
mod tls;
mod verify;
