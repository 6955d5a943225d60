//! Where this process runs, as far as it matters for a stored sign-in.
//!
//! A refresh token works only once, so if a store is copied to a second machine, the first machine to
//! rotate locks the other out. The store therefore records its place. A container can start under a new
//! host name each night with the same volume, so it has no place unless its operator names one.

use std::fs;
use std::io;
use std::path::Path;

use super::profile::fingerprint;
use crate::app::{self, environment};
use crate::error::{Context, Kind, Result};

/// Files that Docker and Podman create in a container.
const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// The name of this place, or `None` if places cannot be told apart.
pub(crate) fn here() -> Result<Option<String>> {
    if let Some(name) = environment::instance()? {
        return Ok(Some(format!("instance {name}")));
    }
    let container = CONTAINER_FILES.iter().any(|file| Path::new(file).exists());
    if container || environment::in_kubernetes() {
        return Ok(None);
    }
    // The machine id is confidential (machine-id(5)), so it is kept as a hash.
    let machine = match fs::read_to_string("/etc/machine-id") {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            String::new()
        }
        read => read.context(Kind::Storage, || "cannot read /etc/machine-id".to_owned())?,
    };
    Ok(Some(match machine.trim() {
        "" => format!("host {}", app::host_name()),
        id => format!("machine {} ({})", fingerprint(id), app::host_name()),
    }))
}

/// Whether a store from one place can be rotated in the other. A machine can change its name.
pub(super) fn same(stored: Option<&str>, here: Option<&str>) -> bool {
    match (stored, here) {
        (Some(stored), Some(here)) => machine(stored) == machine(here),
        _ => true,
    }
}

fn machine(place: &str) -> &str {
    place.split_once(" (").map_or(place, |(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_two_known_and_different_places_differ() {
        assert!(same(Some("machine ab12 (old-name)"), Some("machine ab12 (new-name)")));
        assert!(same(None, Some("host a")) && same(Some("host a"), None));
        assert!(!same(Some("instance a"), Some("instance b")));
        assert!(!same(Some("host a"), Some("instance a")));
    }
}
