//! The redirect listener's certificate.
//!
//! FreshBooks registers only https addresses, and nobody can have a public certificate for `localhost`.
//! So one is created in memory for each sign-in: no key on disk, nothing added to a trust store, and
//! one browser warning that the person is told about beforehand. People with their own local CA can
//! pass PEM files instead and see no warning.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Context, Error, Kind, Result};

/// The certificate's owner, as shown in the browser's details.
const COMMON_NAME: &str = "fbsync sign-in on this computer";

/// For clocks that differ, as between a virtual machine and its host.
const BACKDATED: Duration = Duration::from_secs(24 * 60 * 60);

/// Long enough for any sign-in. Apple's platforms reject certificates that are valid for more than 825
/// days.
const VALID_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A certificate chain with its key, ready to serve TLS.
#[derive(Clone)]
pub(crate) struct Certificate {
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Creates a certificate for `localhost`, 127.0.0.1 and ::1 that exists only in memory.
    pub(crate) fn self_signed() -> Result<Self> {
        let (leaf, key) = mint().context(Kind::Unexpected, || "cannot create a certificate".to_owned())?;
        Self::serving(vec![leaf], key)
            .context(Kind::Unexpected, || "cannot use the created certificate".to_owned())
    }

    /// Reads a chain, leaf first, and its unencrypted key (PKCS#8, PKCS#1 or SEC1).
    pub(crate) fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .context(Kind::Config, || "the redirect certificate is not valid PEM".to_owned())?;
        if chain.is_empty() {
            return Err(Error::new(Kind::Config, "the redirect certificate's file contains no certificate")
                .hint("use a PEM file with `-----BEGIN CERTIFICATE-----`"));
        }
        // The parser's error is not passed on: it quotes the line it failed at, which is the key itself
        // in a file that lost its line ends.
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
            Error::new(Kind::Config, "the redirect key's file contains no readable private key")
                .hint("use an unencrypted PEM key; `openssl pkey -in KEY -out PLAIN` removes a passphrase")
        })?;
        Self::serving(chain, key).context(Kind::Config, || {
            "the redirect certificate and its key cannot be used together".to_owned()
        })
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Names the cryptography explicitly: `ServerConfig::builder()` uses the process's default, and
    /// panics if features anywhere in the dependencies select none or two.
    fn serving(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Certificate { config: Arc::new(config) })
    }
}

/// Creates a key and a certificate signed with it.
///
/// rcgen derives the serial number from the key. Firefox refuses a second certificate with the same
/// issuer and serial, and offers no way around it.
#[expect(clippy::disallowed_methods, reason = "the browser judges the dates by the real clock")]
fn mint() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    // rcgen turns names that are IP addresses into address entries.
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, COMMON_NAME);
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = rcgen::date_time_ymd(1970, 1, 1) + since_1970;
    params.not_before = now - BACKDATED;
    params.not_after = now + VALID_FOR;
    // P-256 is the fastest to generate of the types that every browser accepts.
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let leaf = params.self_signed(&key)?.der().clone();
    Ok((leaf, PrivateKeyDer::Pkcs8(key.serialize_der().into())))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

    /// A certificate, and a client that trusts only it.
    pub(in crate::oauth) fn with_client() -> (Certificate, Arc<ClientConfig>) {
        let (leaf, key) = mint().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(leaf.clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (Certificate::serving(vec![leaf], key).unwrap(), Arc::new(client))
    }

    /// A complete handshake, without a socket.
    fn shake_hands(
        certificate: &Certificate,
        client: Arc<ClientConfig>,
        name: &str,
    ) -> Result<(), rustls::Error> {
        let mut client = ClientConnection::new(client, name.to_owned().try_into().unwrap())?;
        let mut server = ServerConnection::new(certificate.config())?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn it_is_valid_only_for_the_names_of_this_machine() {
        let (certificate, client) = with_client();
        for name in ["localhost", "127.0.0.1", "::1"] {
            shake_hands(&certificate, Arc::clone(&client), name).expect(name);
        }
        shake_hands(&certificate, client, "example.org").unwrap_err();
    }

    #[test]
    fn each_one_is_new() {
        let (_, client) = with_client();
        shake_hands(&Certificate::self_signed().unwrap(), client, "localhost").unwrap_err();
    }

    #[test]
    fn pem_files_are_accepted_if_they_belong_together() {
        let (leaf, key) = mint().unwrap();
        let (_, other_key) = mint().unwrap();
        let chain = pem("CERTIFICATE", &leaf);
        let key = pem("PRIVATE KEY", key.secret_der());
        let other_key = pem("PRIVATE KEY", other_key.secret_der());
        assert!(Certificate::from_pem(chain.as_bytes(), key.as_bytes()).is_ok());

        let refused = |chain: &str, key: &str| {
            let error = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).err().unwrap();
            assert_eq!(error.kind(), Kind::Config);
            error
        };
        refused(&chain, &other_key);
        refused("", &key);
        refused(&key, &key);
        refused("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", &key);
        refused(&chain, "");
        refused(&chain, &pem("ENCRYPTED PRIVATE KEY", b"whatever"));
    }

    #[test]
    fn a_broken_key_is_not_quoted() {
        let (leaf, key) = mint().unwrap();
        let on_one_line = pem("PRIVATE KEY", key.secret_der()).replace('\n', "");
        let error = Certificate::from_pem(pem("CERTIFICATE", &leaf).as_bytes(), on_one_line.as_bytes())
            .err()
            .unwrap();
        assert!(error.causes().is_empty());
        assert!(!format!("{error:?}").contains("BEGIN"), "{error:?}");
    }
}
