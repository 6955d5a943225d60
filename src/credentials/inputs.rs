//! Secrets that are handed in: by file, by systemd's credentials folder, by environment.
//!
//! Never by a flag's value, which every process on the machine can read. Unlike the store, these
//! files are not ours: they may be symbolic links, belong to root and be readable by a group, as
//! secret managers leave them.

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
    Ok(app::variable("FBSYNC_CLIENT_SECRET")?.map(Secret::new))
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
    let secret = without_newline(&text);
    if secret.trim().is_empty() {
        return Err(Error::new(Kind::Config, format!("{place} holds no {what}: it is empty")));
    }
    if secret.contains(['\n', '\r']) {
        return Err(Error::new(Kind::Config, format!("{place} holds more than the {what}: several lines")));
    }
    Ok(Secret::new(secret))
}

/// Editors and `echo` end a file with a newline, which is no part of the secret. Just the one goes.
fn without_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_is_not_part_of_the_secret() {
        for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            assert_eq!(without_newline(text), "s3cret");
        }
        let read = |text: &str| read(text.as_bytes(), "secret", "a test");
        assert_eq!(read(" s 3 ").expect("blanks are part of it").expose(), " s 3 ");
        for bad in ["", "\n", " \n", "two\nlines\n", "s3cret\n\n"] {
            assert_eq!(read(bad).expect_err(bad).kind(), Kind::Config);
        }
    }
}
