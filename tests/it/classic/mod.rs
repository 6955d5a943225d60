//! FreshBooks Classic from outside: a person signs in, and the system is read.

use std::process::Stdio;

use fbsync::sandbox::classic::System;
use fbsync::sandbox::{World, browser};

use crate::harness::Home;

mod auth;
mod profiles;
mod sync;
mod whole;

const SYSTEM: &str = "harbourlight";

/// A home pointed at a Classic system, with nothing stored.
fn home_of(classic: System) -> Home {
    let (key, secret) = (classic.consumer_key.clone(), classic.consumer_secret.clone());
    let home = Home::in_world(World { classic, ..World::empty() });
    let origin = home.sandbox.origin();
    home.with("FRESHBOOKS_CLASSIC_URL", &origin)
        .with("FBSYNC_CLIENT_ID", &key)
        .with("FBSYNC_CLIENT_SECRET", &secret)
}

fn home() -> Home {
    home_of(System::default())
}

/// The same with a sign-in.
fn signed_in_to(classic: System) -> Home {
    let home = home_of(classic);
    let auth = home.begin_auth(&["--classic", SYSTEM], Stdio::null());
    browser::allow(&auth.address).expect("the page");
    home.finish(auth).succeeds();
    home
}
