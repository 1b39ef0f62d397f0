//! A secret in a request or response.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// How many characters a session token and a state have: 32 random bytes in base64url.
pub const SECRET_LENGTH: usize = 43;

/// A secret in a request or response: an authorization code, a state, a session token, an authorization URL (it holds the
/// state), a token. Serialized as a plain string, never printed by `Debug`.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct WireSecret(SecretString);

impl WireSecret {
    /// The secret itself, for code that must send or compare it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether this is 43 characters of base64url, the form of every session token and state.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let value = self.expose();
        value.len() == SECRET_LENGTH
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }

    /// Compares in constant time.
    #[must_use]
    pub fn equals(&self, other: &WireSecret) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.expose().as_bytes(), other.expose().as_bytes())
            .is_ok()
    }
}

impl From<String> for WireSecret {
    fn from(value: String) -> Self {
        Self(SecretString::from(value))
    }
}

impl From<&str> for WireSecret {
    fn from(value: &str) -> Self {
        Self(SecretString::from(value))
    }
}

impl Serialize for WireSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_sent_but_never_printed() {
        let secret = WireSecret::from("a-very-secret-value");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"a-very-secret-value\"");
        assert!(!format!("{secret:?}").contains("very-secret"));
    }

    #[test]
    fn only_43_characters_of_base64url_are_well_formed() {
        assert!(WireSecret::from("A".repeat(43)).is_well_formed());
        for wrong in
            ["A".repeat(42), "A".repeat(44), format!("{}.", "A".repeat(42)), format!("{}+", "A".repeat(42))]
        {
            assert!(!WireSecret::from(wrong).is_well_formed());
        }
    }
}
