//! A JWT of Backstage's, read in two steps: its header, which says what it wants to be, and then, once the right keys have
//! verified its signature, its claims.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::backstage_keys::PublishedKeys;
use crate::backend::oidc::key_set::KeysCopy;
use crate::outbound::OutboundError;
use crate::protocol::WireSecret;

/// What Backstage signs with; all others, `none` and HMAC with a public key among them, are refused before a key is looked up.
const ALGORITHM: Algorithm = Algorithm::ES256;
/// How far Backstage's clock may be from ours.
const LEEWAY: Duration = Duration::seconds(30);

/// Why a token does not count; as a part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("it is not a JWT signed with ES256")]
    NotSigned,
    #[error("it is not a user token")]
    NotOfAUser,
    #[error("its key is not one that Backstage publishes")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("its claims are not what Backstage writes")]
    Malformed,
    #[error("it has expired")]
    Expired,
    #[error("it has no iat, or one in the future")]
    IssuedAt,
    #[error("it is not for Backstage")]
    NotForBackstage,
    #[error("its aud is not cluster-auth")]
    NotForUs,
    #[error("its issuer is not BACKSTAGE_ISSUER")]
    Issuer,
    #[error("it does not name a user")]
    NoUser,
    #[error("it does not name a plugin")]
    NoPlugin,
    #[error("it acts for no user, having no obo")]
    NoOnBehalfOf,
    #[error("it is not a limited-user token")]
    NotOfALimitedUser,
}

/// Why a token could not be verified.
#[derive(Clone, Debug)]
pub(crate) enum Unverified {
    /// It does not count.
    Flawed(Flaw),
    /// It is not known: there are no keys to verify it with.
    NoKeys(OutboundError),
}

impl From<Flaw> for Unverified {
    fn from(flaw: Flaw) -> Self {
        Self::Flawed(flaw)
    }
}

/// A token of which nothing is verified yet.
pub(crate) struct UnverifiedToken<'t> {
    text: &'t str,
    header: Header,
}

/// The claims that count here, of a token with a right signature, `exp` and `iat`.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    aud: Option<serde_json::Value>,
    exp: Option<i64>,
    iat: Option<i64>,
    pub(crate) obo: Option<WireSecret>,
}

/// A token with a right signature, at its time.
pub(crate) struct Signed {
    pub(crate) claims: Claims,
    pub(crate) times: Times,
    /// The keys of which one has signed it.
    pub(crate) copy: KeysCopy,
}

/// The one claim that must be known before a signature can be verified.
#[derive(Deserialize)]
struct Subject {
    sub: Option<String>,
}

impl<'t> UnverifiedToken<'t> {
    /// Reads the header.
    ///
    /// # Errors
    /// For whatever is not signed as Backstage signs.
    pub(crate) fn read(token: &'t WireSecret) -> Result<Self, Flaw> {
        let text = token.expose();
        let header = jsonwebtoken::decode_header(text).map_err(|_| Flaw::NotSigned)?;
        if header.crit.is_some() || header.alg != ALGORITHM {
            return Err(Flaw::NotSigned);
        }
        Ok(Self { text, header })
    }

    /// What kind of token it wants to be: this picks the key set.
    pub(crate) fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The subject that the token names. It is not verified yet.
    pub(crate) fn alleged_subject(&self) -> Option<String> {
        let claims: Subject = jsonwebtoken::dangerous::insecure_decode_claims(self.text).ok()?;
        claims.sub
    }

    /// What it says, once one of these keys is found to have signed it and it is time.
    ///
    /// # Errors
    /// The first thing that is wrong with it, or that the keys cannot be had.
    pub(crate) async fn verify(
        &self,
        keys: &PublishedKeys,
        now: OffsetDateTime,
    ) -> Result<Signed, Unverified> {
        // The signature only: the claims are checked here, by our own clock.
        let mut validation = Validation::new(ALGORITHM);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let with = |key: &DecodingKey| jsonwebtoken::decode::<Claims>(self.text, key, &validation);
        let (verified, copy) = keys.verify(&self.header, with).await.map_err(Unverified::NoKeys)?;
        let verified = verified.ok_or(Flaw::UnknownKey)?;
        let claims = verified.map_err(|error| flaw_of(error.kind()))?.claims;
        let times = claims.times()?;
        times.check(now)?;
        Ok(Signed { claims, times, copy })
    }
}

fn flaw_of(error: &ErrorKind) -> Flaw {
    match error {
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => Flaw::Malformed,
        _ => Flaw::Signature,
    }
}

impl Claims {
    /// Whether it is for this audience and no other.
    pub(crate) fn is_for(&self, audience: &str) -> bool {
        self.aud.as_ref().and_then(serde_json::Value::as_str) == Some(audience)
    }

    fn times(&self) -> Result<Times, Flaw> {
        let moment = |seconds: Option<i64>| seconds.and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
        let expires_at = moment(self.exp).ok_or(Flaw::Expired)?;
        let issued_at = moment(self.iat).ok_or(Flaw::IssuedAt)?;
        Ok(Times { issued_at, expires_at })
    }
}

/// When a token counts, as it says itself.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    issued_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl Times {
    /// Whether it counts now.
    ///
    /// # Errors
    /// When it has expired, or is of the future.
    pub(crate) fn check(self, now: OffsetDateTime) -> Result<(), Flaw> {
        if self.expires_at <= now.saturating_sub(LEEWAY) {
            return Err(Flaw::Expired);
        }
        if self.issued_at > now.saturating_add(LEEWAY) {
            return Err(Flaw::IssuedAt);
        }
        Ok(())
    }
}
