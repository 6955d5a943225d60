//! What is handed in from outside: a client secret, or a whole sign-in to begin with.
//!
//! A secret comes by file, by systemd's credentials folder, by environment, and never by a flag's value,
//! which every process on the machine can read. Unlike the store, these files are not ours: they may be
//! symbolic links, belong to root and be readable by a group, as secret managers leave them. What
//! surrounds a secret is dropped, and what cannot be one is refused.

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

/// Far above any secret: what is longer is the wrong file.
const LONGEST: u64 = 64 << 10;

/// The client secret from the first place that has one; `named` is the file named on the command
/// line.
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
    secret.checked(what, place)
}

/// A refresh token in the environment, where a container platform's secrets are: the beginning of a sign-in.
///
/// It is spent by its first rotation, yet stays in the environment for ever. So it is taken once: when there
/// is no sign-in, or the one there is dead, and only if it is not the seed that one began with. While the
/// stored sign-in lives, the store wins.
pub(crate) struct Seed(Secret);

impl Seed {
    pub(crate) fn from_environment() -> Result<Option<Self>> {
        Ok(environment::refresh_token()?.map(Seed))
    }

    /// Whether this seed is to be taken in place of what is stored.
    pub(super) fn is_due(&self, stored: Option<&Profile>) -> bool {
        stored.is_none_or(|stored| match stored.dead {
            Some(_) => !self.was_taken(stored),
            // Never rotated: whatever was wrong with it (a mistyped secret) may have been put right
            // since.
            None => stored.access_token.is_none() && stored.in_flight.is_none(),
        })
    }

    /// Whether the stored sign-in began with this seed.
    pub(crate) fn was_taken(&self, stored: &Profile) -> bool {
        stored.seed == Some(self.fingerprint())
    }

    pub(super) fn fingerprint(&self) -> String {
        fingerprint(self.0.expose())
    }

    /// Writes the sign-in that it stands for into the store, unless another process was quicker. Nothing
    /// has been asked yet: it is due for rotation at once.
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

/// The app that a seed works with.
fn client(store: &Store) -> Result<Client> {
    let missing = |name: &str| {
        let message = format!(
            "FBSYNC_REFRESH_TOKEN is set, and {name} is not: a refresh token works with its app alone"
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
    fn what_surrounds_a_secret_is_dropped_and_what_cannot_be_one_is_refused() {
        let read = |text: &str| read(text.as_bytes(), "secret", "a test");
        for text in ["s3 cret", "s3 cret\n", " s3 cret\r\n\r\n", "\u{feff}s3 cret\n", "\u{200b}s3 cret\0"] {
            assert_eq!(read(text).expect(text).expose(), "s3 cret", "{text:?}");
        }
        for bad in ["", "\n", " \u{feff}\n", "two\nlines\n", "s\u{e9}cret", "s3\u{200b}cret"] {
            assert_eq!(read(bad).expect_err(bad).kind(), Kind::Config, "{bad:?}");
        }
    }

    #[test]
    fn a_seed_is_taken_once_and_while_nothing_better_is_stored() {
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
