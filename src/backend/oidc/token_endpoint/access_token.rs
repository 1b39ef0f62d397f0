//! What an access token says of itself, where it is a JWT (RFC 9068). It is the cluster that verifies it: here it is read only so that
//! it is not sent to another audience, or after its end.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::backend::oidc::id_token::{Audience, NumericDate};
use crate::protocol::WireSecret;

/// The claims that are read.
#[derive(Deserialize)]
pub struct AccessTokenClaims {
    aud: Option<Audience>,
    exp: Option<NumericDate>,
    sub: Option<String>,
}

impl AccessTokenClaims {
    /// Of a token that is a JWT; `None` for an opaque one.
    #[must_use]
    pub fn read(token: &WireSecret) -> Option<Self> {
        jsonwebtoken::dangerous::insecure_decode_claims(token.expose()).ok()
    }

    /// Whether it is for this audience.
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        self.aud.as_ref().is_some_and(|aud| aud.names(audience))
    }

    /// Whether it is this person's.
    #[must_use]
    pub fn is_of(&self, subject: &str) -> bool {
        self.sub.as_deref() == Some(subject)
    }

    /// `exp`.
    #[must_use]
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.exp?.date()
    }
}
