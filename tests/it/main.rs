//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod arbitrary;
mod auth;
mod browsers;
mod changes;
mod classic;
mod completions;
mod contract;
mod corners;
mod database;
mod demo;
mod diff;
mod dumps;
mod effort;
mod evidence;
mod export;
mod gaps;
mod harness;
mod help;
mod history;
mod interruption;
mod leaks;
mod network;
mod origins;
mod outcomes;
mod pages;
mod pasting;
mod people;
mod pictures;
mod progress;
mod quirks;
mod readme;
mod real_answers;
mod reports;
mod retries;
mod rotation;
mod running;
mod secrets;
mod seeds;
mod serve;
mod service;
mod shapes;
mod sharing;
mod signals;
mod snapshots;
mod staff;
mod stores;
mod sync;
mod tables;
mod terminal;
mod tls;
#[cfg(debug_assertions)]
mod verify;
mod widths;
mod xlsx;
