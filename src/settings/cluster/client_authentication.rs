//! How a client shows the identity provider's token endpoint that it is itself (OIDC Core, 9).

use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey};
use secrecy::SecretString;

use crate::settings::{SettingsError, secret_in};

/// How the client shows that it is itself.
#[derive(Clone, Debug)]
pub enum ClientAuthentication {
    /// Not at all: a public client.
    None,
    /// With its secret.
    Secret {
        /// The secret.
        secret: SecretString,
        /// Where in the request it stands.
        place: SecretPlace,
    },
    /// With a JWT that its key has signed (RFC 7523, 2.2).
    PrivateKeyJwt(PrivateKey),
}

/// Where a token request has the client secret (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// As discovery says: `client_secret_basic` unless it announces only `client_secret_post`.
    Announced,
    /// `client_secret_basic`: in the header.
    Header,
    /// `client_secret_post`: in the body.
    Body,
}

/// The key of a client; `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct PrivateKey {
    /// Signs.
    pub key: EncodingKey,
    /// With this algorithm, the usual one for a key of its type.
    pub algorithm: Algorithm,
}

impl ClientAuthentication {
    /// As the settings say. A secret or a key alone says enough.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn read(
        method: Option<&str>,
        secret: Option<SecretString>,
        key_file: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let refused = |text: &str| Err(SettingsError(text.to_owned()));
        match (method, secret, key_file) {
            (None | Some("none"), None, None) => Ok(Self::None),
            (None, Some(secret), None) => Ok(Self::Secret { secret, place: SecretPlace::Announced }),
            (Some("client_secret_basic"), Some(secret), None) => {
                Ok(Self::Secret { secret, place: SecretPlace::Header })
            }
            (Some("client_secret_post"), Some(secret), None) => {
                Ok(Self::Secret { secret, place: SecretPlace::Body })
            }
            (None | Some("private_key_jwt"), None, Some(file)) => {
                PrivateKey::read(file).map(Self::PrivateKeyJwt)
            }
            (_, Some(_), Some(_)) => refused(
                "OIDC_CLIENT_SECRET and OIDC_PRIVATE_KEY_FILE are both set: keep the one that the identity provider knows.",
            ),
            (Some("client_secret_basic" | "client_secret_post"), None, _) => refused(
                "OIDC_TOKEN_AUTH_METHOD sends a client secret and there is none: set OIDC_CLIENT_SECRET.",
            ),
            (Some("private_key_jwt"), _, None) => refused(
                "OIDC_TOKEN_AUTH_METHOD is private_key_jwt and there is no key: set OIDC_PRIVATE_KEY_FILE, and no OIDC_CLIENT_SECRET.",
            ),
            (Some("none"), ..) => refused(
                "OIDC_TOKEN_AUTH_METHOD is none, which sends neither secret nor key: unset OIDC_CLIENT_SECRET and OIDC_PRIVATE_KEY_FILE.",
            ),
            (Some(_), ..) => refused(
                "OIDC_TOKEN_AUTH_METHOD must be none, client_secret_basic, client_secret_post or private_key_jwt.",
            ),
        }
    }
}

impl ClientAuthentication {
    /// The same with what that file holds now, which is its secret or its key.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub fn from_file(&self, file: &Path) -> Result<Self, SettingsError> {
        match self {
            Self::None => Ok(Self::None),
            Self::Secret { place, .. } => {
                let secret = secret_in("OIDC_CLIENT_SECRET", file)?;
                // Such a byte is of a file that is no secret's: a client secret is printable (RFC 6749, A.2).
                if secret.is_empty() || secret.contains(char::is_control) {
                    return Err(SettingsError(
                        "OIDC_CLIENT_SECRET_FILE holds no secret: it has to be one line of text.".to_owned(),
                    ));
                }
                Ok(Self::Secret { secret: secret.into(), place: *place })
            }
            Self::PrivateKeyJwt(_) => PrivateKey::read(file).map(Self::PrivateKeyJwt),
        }
    }
}

impl PrivateKey {
    fn read(file: &Path) -> Result<Self, SettingsError> {
        let pem = std::fs::read(file).map_err(|error| {
            SettingsError(format!(
                "OIDC_PRIVATE_KEY_FILE cannot be read ({error}): check the path and its rights."
            ))
        })?;
        Self::of(&zeroize::Zeroizing::new(pem)).ok_or_else(|| {
            SettingsError(
                "OIDC_PRIVATE_KEY_FILE holds no private key that can be used: it has to be an RSA, P-256, P-384 or Ed25519 key in PEM (PKCS #8), without a passphrase."
                    .to_owned(),
            )
        })
    }

    /// A key that signs something is one; which curve it is on is not written in its PEM.
    fn of(pem: &[u8]) -> Option<Self> {
        let rsa = EncodingKey::from_rsa_pem(pem).map(|key| (key, &[Algorithm::RS256][..]));
        let ec = || EncodingKey::from_ec_pem(pem).map(|key| (key, &[Algorithm::ES256, Algorithm::ES384][..]));
        let ed = || EncodingKey::from_ed_pem(pem).map(|key| (key, &[Algorithm::EdDSA][..]));
        let (key, algorithms) = rsa.or_else(|_| ec()).or_else(|_| ed()).ok()?;
        let signs = |algorithm: &&Algorithm| jsonwebtoken::crypto::sign(b"", &key, **algorithm).is_ok();
        let algorithm = *algorithms.iter().find(signs)?;
        Some(Self { key, algorithm })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};

    use secrecy::ExposeSecret;

    use super::*;

    fn read(method: Option<&str>, secret: Option<&str>, key: Option<&Path>) -> Result<String, String> {
        let read = ClientAuthentication::read(method, secret.map(SecretString::from), key);
        match read.map_err(|error| error.to_string())? {
            ClientAuthentication::None => Ok("none".to_owned()),
            ClientAuthentication::Secret { place, .. } => Ok(format!("{place:?}")),
            ClientAuthentication::PrivateKeyJwt(key) => Ok(format!("{:?}", key.algorithm)),
        }
    }

    #[test]
    fn the_algorithm_is_that_of_the_keys_type() {
        for (kind, algorithm) in [
            (&PKCS_RSA_SHA256, Algorithm::RS256),
            (&PKCS_ECDSA_P256_SHA256, Algorithm::ES256),
            (&PKCS_ECDSA_P384_SHA384, Algorithm::ES384),
            (&PKCS_ED25519, Algorithm::EdDSA),
        ] {
            let pem = KeyPair::generate_for(kind).unwrap().serialize_pem();
            let key = PrivateKey::of(pem.as_bytes()).unwrap();
            assert_eq!(key.algorithm, algorithm);
            assert!(!format!("{key:?}").contains(&format!("{:?}", key.key.as_bytes())));
        }
        assert!(PrivateKey::of(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_none());
        assert!(PrivateKey::of(b"a password").is_none());
    }

    #[test]
    fn a_new_secret_keeps_its_place_and_a_file_without_one_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let write = |text: &[u8]| std::fs::write(file.path(), text).unwrap();
        let before = ClientAuthentication::Secret { secret: "old".into(), place: SecretPlace::Body };
        write(b"new\n");
        let ClientAuthentication::Secret { secret, place } = before.from_file(file.path()).unwrap() else {
            panic!("no secret")
        };
        assert_eq!((secret.expose_secret(), place), ("new", SecretPlace::Body));
        for nothing in [&b""[..], b"\n", b"one\ntwo", b"\0\0\0\0", b"\xff\xfe"] {
            write(nothing);
            let refusal = before.from_file(file.path()).unwrap_err().to_string();
            assert!(refusal.starts_with("OIDC_CLIENT_SECRET_FILE "), "{refusal}");
        }
        let pem = KeyPair::generate().unwrap().serialize_pem();
        write(pem.as_bytes());
        let before = ClientAuthentication::PrivateKeyJwt(PrivateKey::of(pem.as_bytes()).unwrap());
        assert!(before.from_file(file.path()).is_ok());
        write(&pem.as_bytes()[..pem.len() / 2]);
        assert!(before.from_file(file.path()).is_err(), "a key that is cut off");
    }

    #[test]
    fn what_is_set_has_to_fit_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let key = Some(file.as_path());
        for (method, secret, key, is) in [
            (None, None, None, "none"),
            (Some("none"), None, None, "none"),
            (None, Some("s"), None, "Announced"),
            (Some("client_secret_basic"), Some("s"), None, "Header"),
            (Some("client_secret_post"), Some("s"), None, "Body"),
            (None, None, key, "ES256"),
            (Some("private_key_jwt"), None, key, "ES256"),
        ] {
            assert_eq!(read(method, secret, key).as_deref(), Ok(is), "{method:?}");
        }
        let away = folder.path().join("away.pem");
        for (method, secret, key, names) in [
            (Some("none"), Some("s"), None, "OIDC_CLIENT_SECRET"),
            (Some("client_secret_post"), None, None, "OIDC_CLIENT_SECRET"),
            (Some("private_key_jwt"), Some("s"), None, "OIDC_PRIVATE_KEY_FILE"),
            (None, Some("s"), key, "both set"),
            (None, None, Some(away.as_path()), "cannot be read"),
            (Some("tls_client_auth"), None, None, "OIDC_TOKEN_AUTH_METHOD must be"),
        ] {
            let refusal = read(method, secret, key).unwrap_err();
            assert!(refusal.contains(names), "{method:?}: {refusal}");
        }
    }
}
