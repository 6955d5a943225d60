//! Secrets that are handed in: by file, by systemd's credentials folder, by environment.
//!
//! Never by a flag's value, which every process on the machine can read. Unlike the store, these
//! files are not ours: they may be symbolic links, belong to root and be readable by a group, as
//! secret managers leave them.
//!
//! Wherever a secret comes from, what surrounds it is dropped, and one that cannot be a secret is
//! refused here: FreshBooks would only say that it does not know it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::app;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::secret::Secret;

/// The name under which systemd's `LoadCredential=` passes the client secret.
const CREDENTIAL: &str = "fbsync-client-secret";

/// Far above any secret: what is longer is the wrong file.
const LONGEST: u64 = 64 << 10;

/// The client secret from the first place that has one; `named` is the file named on the command
/// line.
pub(crate) fn client_secret(named: Option<&Path>) -> Result<Option<Secret>> {
    let named = match named {
        Some(path) => Some(path.to_owned()),
        None => app::variable("FBSYNC_CLIENT_SECRET_FILE")?.map(PathBuf::from),
    };
    if let Some(path) = named {
        return from_file(&path, "client secret").map(Some);
    }
    if let Some(folder) = app::variable("CREDENTIALS_DIRECTORY")? {
        let path = Path::new(&folder).join(CREDENTIAL);
        if path.exists() {
            return from_file(&path, "client secret").map(Some);
        }
    }
    variable("FBSYNC_CLIENT_SECRET", "client secret")
}

/// Reads a secret from an environment variable; one that holds nothing but blanks counts as unset.
pub(crate) fn variable(name: &str, what: &str) -> Result<Option<Secret>> {
    let secret = app::variable(name)?.map(|text| Secret::given(&text)).filter(|secret| !secret.is_empty());
    secret.map(|secret| checked(secret, what, name)).transpose()
}

/// Refuses what cannot be a secret: `place` says where it is from.
pub(crate) fn checked(secret: Secret, what: &str, place: &str) -> Result<Secret> {
    match secret.stray_character() {
        None => Ok(secret),
        Some(at) => {
            let message = format!("{place} holds no {what}: character {at} of it cannot be part of one");
            Err(Error::new(Kind::Config, message).hint("copy it once more, and nothing else with it"))
        }
    }
}

/// Reads a secret from a file, `-` being standard input.
pub(crate) fn from_file(path: &Path, what: &str) -> Result<Secret> {
    if path == Path::new("-") {
        return from_stdin(what);
    }
    let shown = path.display();
    let failed = || format!("cannot open the {what}'s file {shown}");
    let found = fs::metadata(path).map_err(fsutil::failing(failed))?;
    // A pipe is how a shell hands over what another program prints: `<(pass show fbsync)`.
    if let Some(odd) = fsutil::other_than_regular(found.file_type()).filter(|odd| *odd != "a pipe") {
        return Err(Error::new(Kind::Config, format!("{}: it is {odd}", failed())));
    }
    let file = File::open(path).map_err(fsutil::failing(failed))?;
    read(file, what, &shown.to_string())
}

/// Reads a secret from standard input, to its end.
pub(crate) fn from_stdin(what: &str) -> Result<Secret> {
    read(io::stdin().lock(), what, "standard input")
}

fn read(source: impl Read, what: &str, place: &str) -> Result<Secret> {
    let mut text = Zeroizing::new(String::new());
    source
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(fsutil::failing(|| format!("cannot read the {what} from {place}")))?;
    let secret = Secret::given(&text);
    if secret.is_empty() {
        return Err(Error::new(Kind::Config, format!("{place} holds no {what}: it is empty")));
    }
    checked(secret, what, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_secret_is_dropped_and_what_cannot_be_one_is_refused() {
        let read = |text: &str| read(text.as_bytes(), "secret", "a test");
        for text in ["s3 cret", "s3 cret\n", " s3 cret\r\n\r\n", "\u{feff}s3 cret\n", "\u{200b}s3 cret\0"] {
            assert_eq!(read(text).expect(text).expose(), "s3 cret", "{text:?}");
        }
        for bad in ["", "\n", " \u{feff}\n", "two\nlines\n", "s\u{e9}cret", "s3\u{200b}cret"] {
            assert_eq!(read(bad).expect_err(bad).kind(), Kind::Config, "{bad:?}");
        }
    }
}
