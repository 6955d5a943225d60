//! # fbsync: who has access to which FreshBooks business, in which role
#![allow(dead_code)] // scaffold
mod app;
mod cli;
mod error;
mod fsutil;
mod http;
mod model;
mod secret;
mod ui;
