//! # fbsync: who has access to which FreshBooks business, in which role
#![allow(dead_code)] // scaffold
mod app;
mod cli;
mod credentials;
mod error;
mod fetch;
mod freshbooks;
mod fsutil;
mod http;
mod model;
mod secret;
mod ui;
