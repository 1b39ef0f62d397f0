//! A token response (RFC 6749, 5.1; OIDC Core, 3.1.3.3), read as providers really send it: what is missing, of another type or absurd
//! counts as not sent, since what is needed is the ID token, and that is verified by itself.

use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::protocol::WireSecret;

/// No token lives longer: a number beyond it is no lifetime.
const LONGEST_LIFE: f64 = 10.0 * 366.0 * 86_400.0;

/// The tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tokens {
    #[serde(default, deserialize_with = "secret")]
    id_token: Option<WireSecret>,
    /// Empty where none was sent: `oauth2` knows no response without one.
    #[serde(default = "no_access_token", deserialize_with = "access_token")]
    access_token: AccessToken,
    #[serde(default, deserialize_with = "refresh_token")]
    refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<Duration>,
    /// Keycloak's: how long the login can be refreshed.
    #[serde(default, deserialize_with = "seconds")]
    refresh_expires_in: Option<Duration>,
    #[serde(skip, default = "bearer")]
    token_type: BasicTokenType,
}

impl Tokens {
    /// Those of a token response that came to a client, which brings them.
    #[must_use]
    pub fn brought(
        id_token: WireSecret,
        access_token: Option<&WireSecret>,
        refresh_token: Option<&WireSecret>,
    ) -> Self {
        let text = |token: Option<&WireSecret>| token.map(|token| token.expose().to_owned());
        Self {
            id_token: Some(id_token).filter(|token| !token.expose().is_empty()),
            access_token: AccessToken::new(text(access_token).unwrap_or_default()),
            refresh_token: text(refresh_token).filter(|text| !text.is_empty()).map(RefreshToken::new),
            expires_in: None,
            refresh_expires_in: None,
            token_type: bearer(),
        }
    }

    /// What a refresh has brought, with what it has not from before: a provider that does not rotate sends no refresh token.
    #[must_use]
    pub fn continuing(self, before: &Self) -> Self {
        let refresh_token = self.refresh_token.or_else(|| before.refresh_token.clone());
        Self { refresh_token, ..self }
    }

    /// The ID token.
    #[must_use]
    pub fn id_token(&self) -> Option<&WireSecret> {
        self.id_token.as_ref()
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> Option<WireSecret> {
        let text = self.access_token.secret().as_str();
        (!text.is_empty()).then(|| text.into())
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> Option<WireSecret> {
        self.refresh_token.as_ref().map(|token| token.secret().as_str().into())
    }

    /// How long the access token lives.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// How long the login can be refreshed.
    #[must_use]
    pub fn refresh_expires_in(&self) -> Option<Duration> {
        self.refresh_expires_in
    }
}

impl TokenResponse for Tokens {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

fn no_access_token() -> AccessToken {
    AccessToken::new(String::new())
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    })
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WireSecret>, D::Error> {
    Ok(text(deserializer)?.map(WireSecret::from))
}

fn access_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccessToken, D::Error> {
    Ok(AccessToken::new(text(deserializer)?.unwrap_or_default()))
}

fn refresh_token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RefreshToken>, D::Error> {
    Ok(text(deserializer)?.map(RefreshToken::new))
}

/// A lifetime: a number, whole or not, or a text that is one (Entra v1).
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let useful = seconds.filter(|seconds| (1.0..=LONGEST_LIFE).contains(seconds));
    Ok(useful.map(|seconds| Duration::from_secs_f64(seconds.trunc())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Tokens {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_lifetime_is_taken_in_each_form_in_which_it_says_anything() {
        let lives = |json: &str| read(&format!(r#"{{"id_token":"i","expires_in":{json}}}"#)).expires_in();
        for (json, seconds) in [("3599", 3599), (r#""3599""#, 3599), ("3599.5", 3599), ("3.6e3", 3600)] {
            assert_eq!(lives(json), Some(Duration::from_secs(seconds)), "{json}");
        }
        for json in ["0", "-5", "1e15", "1e999999", "null", "[]", r#""soon""#, r#""NaN""#, "true"] {
            let read = serde_json::from_str::<Tokens>(&format!(r#"{{"expires_in":{json}}}"#));
            assert!(read.is_err() || read.unwrap().expires_in().is_none(), "{json}");
        }
    }

    #[test]
    fn the_id_token_is_all_that_is_needed() {
        let tokens = read(r#"{"id_token":"i"}"#);
        assert!(tokens.id_token().is_some());
        assert!(tokens.access_token().is_none() && tokens.refresh_token().is_none());
    }

    #[test]
    fn what_is_no_text_is_no_token() {
        let tokens = read(r#"{"id_token":5,"access_token":null,"refresh_token":"","token_type":{}}"#);
        assert!(tokens.id_token().is_none() && tokens.access_token().is_none());
        assert!(tokens.refresh_token().is_none());
    }
}
