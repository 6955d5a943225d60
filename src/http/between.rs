//! What is between this machine and FreshBooks, as values to record.
//!
//! A proxy, or a trust store that somebody configured, can make any server look like
//! `https://api.freshbooks.com`. They are part of where evidence comes from.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::app::environment;
use crate::model::reading::hex;

/// Far larger than any trust store.
const LARGEST: u64 = 64 << 20;

/// Empty for a direct connection with the system's own trust store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Between {
    /// `http://proxy.example:3128`, without credentials.
    pub(crate) proxy: Option<String>,
    pub(crate) trust_store: Option<TrustStore>,
}

/// Certificate authorities other than the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustStore {
    /// The variable that names it, or `compiled in`. Never its path, which would reveal something about
    /// the machine.
    pub(crate) named_by: &'static str,
    /// The hash of the file, in hex; `None` for a folder, or a file that cannot be read.
    pub(crate) sha256: Option<String>,
}

impl TrustStore {
    /// The trust store named by the environment. macOS always uses its keychain.
    pub(super) fn named() -> Option<Self> {
        if cfg!(target_os = "macos") {
            return None;
        }
        let (named_by, path) = environment::authorities()?;
        Some(TrustStore { named_by, sha256: digest(&path).ok() })
    }

    /// The trust store for a machine without one.
    pub(super) fn compiled_in() -> Self {
        TrustStore { named_by: "compiled in", sha256: None }
    }
}

fn digest(path: &Path) -> io::Result<String> {
    // A pipe, which would be waited for, is not a trust store.
    if !path.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(hex(Sha256::digest(bytes)))
}
