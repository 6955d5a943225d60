//! # fbsync: who has access to which FreshBooks business, in which role
#![allow(dead_code)] // scaffold
mod app;
mod cli;
mod commands;
mod credentials;
mod diff;
mod error;
mod fetch;
mod freshbooks;
mod fsutil;
mod http;
mod model;
mod report;
mod secret;
mod store;
mod ui;
