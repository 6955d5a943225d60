//! What is passed in from outside: a client secret, or a whole sign-in to start with.
//!
//! A secret comes from a file, from systemd's credentials folder or from the environment, but never
//! from a flag's value, which every process on the machine can read. Unlike the store, these files are
//! not ours: they can be symbolic links, belong to root and be readable by a group, as secret managers
//! create them. Surrounding blanks are dropped, and what cannot be a secret is refused.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::Store;
use super::profile::{Profile, fingerprint};
use crate::app::environment;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::oauth::{Client, DEFAULT_REDIRECT};
use crate::secret::Secret;

/// The name under which systemd's `LoadCredential=` passes the client secret.
const CREDENTIAL: &str = "fbsync-client-secret";

/// Far larger than any secret: a longer file is the wrong one.
const LONGEST: u64 = 64 << 10;

/// The client secret from the first source that has one; `named` is the file given on the command line.
pub(crate) fn client_secret(named: Option<&Path>) -> Result<Option<Secret>> {
    let named = match named {
        Some(path) => Some(path.to_owned()),
        None => environment::client_secret_file()?,
    };
    if let Some(path) = named {
        return from_file(&path, "client secret").map(Some);
    }
    if let Some(folder) = environment::credentials_directory()? {
        let path = folder.join(CREDENTIAL);
        if path.exists() {
            return from_file(&path, "client secret").map(Some);
        }
    }
    environment::client_secret()
}

/// Reads a secret from a file; `-` is standard input.
pub(crate) fn from_file(path: &Path, what: &str) -> Result<Secret> {
    if path == Path::new("-") {
        return from_stdin(what);
    }
    let shown = path.display();
    let failed = || format!("cannot open the {what}'s file {shown}");
    let found = fs::metadata(path).map_err(fsutil::failing(failed))?;
    // Shells pass another program's output as a pipe: `<(pass show fbsync)`.
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
        return Err(Error::new(Kind::Config, format!("{place} contains no {what}: it is empty")));
    }
    secret.checked(what, place)
}

/// A refresh token in the environment, where container platforms put secrets: it starts a sign-in.
///
/// It is spent by its first rotation, yet stays in the environment for ever. So it is used only once:
/// if there is no sign-in or a dead one, and only if that sign-in did not start with the same seed. A
/// live stored sign-in takes precedence.
pub(crate) struct Seed(Secret);

impl Seed {
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        Ok(environment::refresh_token()?.map(Seed))
    }

    /// Whether to use this seed instead of what is stored.
    pub(super) fn is_due(&self, stored: Option<&Profile>) -> bool {
        stored.is_none_or(|stored| match stored.dead {
            Some(_) => !self.was_taken(stored),
            // Never rotated: whatever was wrong (such as a mistyped secret) could have been corrected
            // since.
            None => stored.access_token.is_none() && stored.in_flight.is_none(),
        })
    }

    /// Whether the stored sign-in started with this seed.
    pub(crate) fn was_taken(&self, stored: &Profile) -> bool {
        stored.seed == Some(self.fingerprint())
    }

    pub(super) fn fingerprint(&self) -> String {
        fingerprint(self.0.expose())
    }

    /// Writes a sign-in with this seed to the store, unless another process was faster. FreshBooks has
    /// not been asked yet, so it is due for rotation at once.
    pub(super) fn plant(self, store: &Store) -> Result<Profile> {
        let _lock = store.lock()?;
        match store.load()? {
            Some(stored) if !self.is_due(Some(&stored)) => Ok(stored),
            _ => {
                let (seed, place) = (Some(self.fingerprint()), store.here.clone());
                let begun = Profile::seeded(client(store)?, &store.app.endpoints, self.0);
                let profile = Profile { seed, place, ..begun };
                store.save(&profile)?;
                store.app.ui.detail(1, "took the sign-in in FBSYNC_REFRESH_TOKEN");
                Ok(profile)
            }
        }
    }
}

/// The app that the seed was issued to.
fn client(store: &Store) -> Result<Client> {
    let missing = |name: &str| {
        let message = format!(
            "FBSYNC_REFRESH_TOKEN is set, but {name} is not: a refresh token works only with its own app"
        );
        let sign_in = store.command("auth");
        Error::new(Kind::Config, message).hint(format!("set {name}, or sign in with: {sign_in}"))
    };
    Ok(Client {
        id: environment::client_id()?.ok_or_else(|| missing("FBSYNC_CLIENT_ID"))?,
        secret: client_secret(None)?.ok_or_else(|| missing("FBSYNC_CLIENT_SECRET"))?,
        redirect_uri: environment::redirect_uri()?.unwrap_or_else(|| DEFAULT_REDIRECT.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::profile::tests::begun;
    use crate::time::Timestamp;

    #[test]
    fn blanks_around_a_secret_are_dropped_and_invalid_ones_are_refused() {
        let read = |text: &str| read(text.as_bytes(), "secret", "a test");
        for text in ["s3 cret", "s3 cret\n", " s3 cret\r\n\r\n", "\u{feff}s3 cret\n", "\u{200b}s3 cret\0"] {
            assert_eq!(read(text).expect(text).expose(), "s3 cret", "{text:?}");
        }
        for bad in ["", "\n", " \u{feff}\n", "two\nlines\n", "s\u{e9}cret", "s3\u{200b}cret"] {
            assert_eq!(read(bad).expect_err(bad).kind(), Kind::Config, "{bad:?}");
        }
    }

    #[test]
    fn a_seed_is_used_once_and_only_if_nothing_better_is_stored() {
        let seed = Seed(Secret::new("seed"));
        let of = |seed: &str| Profile { seed: Some(fingerprint(seed)), ..begun("refresh") };
        let in_flight = || Some(of("seed").mark(Timestamp::EPOCH, None));
        let rotated = |seed: &str| Profile { access_token: Some(Secret::new("access")), ..of(seed) };
        let dead = |profile| Profile { dead: Some("revoked".to_owned()), ..profile };
        let table = [
            ("nothing", None, true),
            ("itself, never rotated", Some(of("seed")), true),
            ("another, never rotated", Some(of("other")), true),
            ("itself, in flight", Some(Profile { in_flight: in_flight(), ..of("seed") }), false),
            ("itself, alive", Some(rotated("seed")), false),
            ("another, alive", Some(rotated("other")), false),
            ("itself, dead", Some(dead(rotated("seed"))), false),
            ("itself, dead at once", Some(dead(of("seed"))), false),
            ("another, dead", Some(dead(rotated("other"))), true),
        ];
        for (stored, profile, expected) in table {
            assert_eq!(seed.is_due(profile.as_ref()), expected, "{stored}");
        }
    }
}
