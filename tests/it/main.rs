//! One test binary: the program from outside.

#![allow(clippy::disallowed_methods, reason = "tests arrange files and read them back")]

mod arbitrary;
mod auth;
mod contract;
mod credentials;
mod database;
mod demo;
mod export;
mod harness;
mod history;
mod interruption;
mod leaks;
mod network;
mod pages;
mod people;
mod quirks;
mod real_answers;
mod retries;
mod secrets;
mod serve;
mod shapes;
mod signals;
mod sync;
mod tables;
mod terminal;
mod tls;
mod verify;
