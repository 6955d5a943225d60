//! Why a server's certificate is not trusted, and what to do about it.
//!
//! An unknown authority is a matter of the trust store. An expired or future certificate is a matter of
//! two dates and a clock: blaming the trust store on a machine whose clock says 1970 would send people
//! to the wrong place.

use std::fmt;

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use crate::time::Timestamp;

/// The message of rustls-platform-verifier for a system without roots; it has no error kind to match
/// on.
const NO_ROOTS: &str = "No CA certificates were loaded";

/// For a machine that does not know the server's authority. macOS uses only its keychain.
const TRUST_HINT: &str = match cfg!(target_os = "macos") {
    true => "if a proxy or a server has its own CA, add its certificate to the system's keychain",
    false => "if a proxy or a server has its own CA, name its certificate: SSL_CERT_FILE=/path/to/ca.pem",
};

/// For a machine whose clock does not agree with the server's certificate.
const CLOCK_HINT: &str = "check this machine's clock (`date -u`), and set it if it is wrong";

/// A refusal during the handshake, before anything of ours was sent; other TLS failures can happen at
/// any time.
#[derive(Debug)]
pub(crate) struct Distrust {
    why: String,
    /// What to do about it.
    pub(crate) hint: &'static str,
}

impl Distrust {
    /// `None` for any other kind of failure.
    pub(super) fn of(error: &ureq::Error) -> Option<Self> {
        use rustls::Error::{InvalidCertificate, NoCertificatesPresented};
        let error = in_tls(error)?;
        let unknown = || Distrust { why: error.to_string(), hint: TRUST_HINT };
        match error {
            InvalidCertificate(flaw) => Some(out_of_date(flaw).unwrap_or_else(unknown)),
            NoCertificatesPresented => Some(unknown()),
            _ => error.to_string().contains(NO_ROOTS).then(unknown),
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Whether this machine has no CA certificates.
pub(super) fn lacks_roots(error: &ureq::Error) -> bool {
    in_tls(error).is_some_and(|error| error.to_string().contains(NO_ROOTS))
}

fn in_tls(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// A certificate is valid from the day it is issued, so one from the future means that the clock is
/// behind. One from the past can really have expired.
fn out_of_date(flaw: &CertificateError) -> Option<Distrust> {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let why = match flaw {
        NotValidYetContext { time, not_before } => format!(
            "this machine's clock says {}, and the server's certificate is not valid before {}: the clock is \
             behind",
            moment(*time),
            moment(*not_before)
        ),
        NotValidYet => "the server's certificate is not valid yet: this machine's clock is behind".to_owned(),
        ExpiredContext { time, not_after } => format!(
            "this machine's clock says {}, and the server's certificate expired at {}: either the clock is \
             ahead, or the certificate was not renewed",
            moment(*time),
            moment(*not_after)
        ),
        Expired => "the server's certificate has expired, or this machine's clock is ahead".to_owned(),
        _ => return None,
    };
    Some(Distrust { why, hint: CLOCK_HINT })
}

fn moment(time: UnixTime) -> Timestamp {
    i64::try_from(time.as_secs()).ok().and_then(Timestamp::from_unix).unwrap_or(Timestamp::EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_point_to_the_clock_and_everything_else_to_the_trust_store() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let of = |flaw| Distrust::of(&ureq::Error::Rustls(rustls::Error::InvalidCertificate(flaw)));
        let early = CertificateError::NotValidYetContext { time: at(3600), not_before: at(1_790_000_000) };
        let late = CertificateError::ExpiredContext { time: at(1_790_000_000), not_after: at(1_700_000_000) };
        let table = [
            (early, CLOCK_HINT, "this machine's clock says 1970-01-01T01:00:00Z, and"),
            (CertificateError::NotValidYet, CLOCK_HINT, "this machine's clock is behind"),
            (late, CLOCK_HINT, "expired at 2023-11-14T22:13:20Z: either the clock is ahead"),
            (CertificateError::Expired, CLOCK_HINT, "has expired"),
            (CertificateError::UnknownIssuer, TRUST_HINT, "UnknownIssuer"),
            (CertificateError::NotValidForName, TRUST_HINT, "NotValidForName"),
        ];
        for (flaw, hint, why) in table {
            let distrust = of(flaw).expect("a refusal");
            assert_eq!(distrust.hint, hint);
            assert!(distrust.to_string().contains(why), "{distrust}");
        }
        let other = ureq::Error::Rustls(rustls::Error::DecryptError);
        assert!(Distrust::of(&other).is_none() && Distrust::of(&ureq::Error::HostNotFound).is_none());
    }
}
