//! The ID token that is accepted: OIDC Core 3.1.3.7, with nothing left to the reader.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use crate::protocol::WireSecret;

const EMAIL_VERIFIED: &str = "email_verified";
/// How far the provider's clock may be from ours.
const LEEWAY: Duration = Duration::seconds(60);

/// Where an ID token comes from, and what it has to show for that.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// A login.
    Login {
        /// The nonce of the authorization request.
        nonce: &'a WireSecret,
        /// The organization, where one is configured.
        organization: Option<&'a str>,
    },
    /// A login that another program has made, at this client and with a nonce of its own.
    Elsewhere {
        /// The organization, where one is configured.
        organization: Option<&'a str>,
    },
    /// A refresh of a login, so who it is about must not change (OIDC Core, 12.2). It has no nonce of ours.
    Refresh {
        /// The `sub` that the login had.
        subject: &'a str,
        /// The organization that the login had.
        organization: Option<&'a str>,
    },
}

/// What an ID token must match.
pub struct Expected<'a> {
    /// The issuer, byte for byte.
    pub issuer: &'a str,
    /// Our client id.
    pub client_id: &'a str,
    /// Where it comes from.
    pub origin: Origin<'a>,
    /// The access token that came along, if one did.
    pub access_token: Option<WireSecret>,
    /// Now.
    pub now: OffsetDateTime,
}

/// The check that an ID token failed. Says what, never the token's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Not a JWT, or not one with these claims.
    #[error("it is malformed")]
    Malformed,
    /// Another algorithm.
    #[error("it is not signed with an algorithm that the issuer announces, or OIDC_ALGORITHMS names")]
    Algorithm,
    /// The header demands an extension (RFC 7515, 4.1.11).
    #[error("its header has a crit entry")]
    Critical,
    /// No published key has its `kid`.
    #[error("its key is not one that the issuer publishes")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// Another issuer.
    #[error("its iss is not OIDC_ISSUER_URL")]
    Issuer,
    /// Not for this client.
    #[error("its aud is not OIDC_CLIENT_ID")]
    Audience,
    /// For another authorized party.
    #[error("its azp is not OIDC_CLIENT_ID")]
    AuthorizedParty,
    /// Out of date.
    #[error("it has expired")]
    Expired,
    /// From the future, or without a date.
    #[error("its iat is missing or lies in the future")]
    IssuedAt,
    /// Another login's token.
    #[error("its nonce is not this login's")]
    Nonce,
    /// The access token is another one.
    #[error("its at_hash is not that of the access token")]
    AccessTokenHash,
    /// No person's token, or another person's.
    #[error("its sub is missing or another one")]
    Subject,
    /// Another organization, or none.
    #[error("its org_id is not OIDC_ORGANIZATION_ID")]
    Organization,
}

impl Rejected {
    /// Whether the token's signature is right, and its claims say that it belongs to another person, or to none.
    #[must_use]
    pub fn is_another_persons(&self) -> bool {
        matches!(
            self,
            Self::Issuer | Self::Audience | Self::AuthorizedParty | Self::Subject | Self::Organization
        )
    }
}

/// Whether the issuer has verified that the e-mail address is this person's (OIDC Core, 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVerified {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// The claim is missing.
    Unsaid,
}

/// An ID token of which every check held. Nothing else makes one.
#[derive(Debug)]
pub struct VerifiedIdToken {
    token: WireSecret,
    subject: String,
    expires_at: OffsetDateTime,
    claims: Map<String, Value>,
}

impl VerifiedIdToken {
    /// The token, for Kubernetes.
    #[must_use]
    pub fn token(&self) -> &WireSecret {
        &self.token
    }

    /// `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `exp`.
    #[must_use]
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }

    /// A claim that is a string.
    #[must_use]
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// What it says of its e-mail address.
    #[must_use]
    pub fn email_verified(&self) -> EmailVerified {
        match self.claims.get(EMAIL_VERIFIED) {
            None | Some(Value::Null) => EmailVerified::Unsaid,
            Some(Value::Bool(true)) => EmailVerified::Yes,
            // Cognito writes texts.
            Some(Value::String(text)) if text == "true" => EmailVerified::Yes,
            Some(_) => EmailVerified::No,
        }
    }

    /// Whether it has the address in this claim, and says whether that is verified.
    pub(super) fn says_all_of(&self, address: &str) -> bool {
        self.text(address).is_some() && self.email_verified() != EmailVerified::Unsaid
    }

    /// With the e-mail claims that it lacks, from where else the provider says them; what is verified there is that address alone.
    pub(super) fn completed<'s>(mut self, address: &str, said: impl Fn(&str) -> Option<&'s Value>) -> Self {
        let theirs = said(address).filter(|value| value.is_string());
        if self.text(address).is_none()
            && let Some(theirs) = theirs
        {
            self.claims.insert(address.to_owned(), theirs.clone());
        }
        let is_same = theirs.is_some() && self.claims.get(address) == theirs;
        if self.email_verified() == EmailVerified::Unsaid
            && is_same
            && let Some(verified) = said(EMAIL_VERIFIED)
        {
            self.claims.insert(EMAIL_VERIFIED.to_owned(), verified.clone());
        }
        self
    }
}

/// `aud` is a string or an array of them (RFC 7519, 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub(super) fn names(&self, party: &str) -> bool {
        match self {
            Self::One(aud) => aud == party,
            Self::Several(all) => all.iter().any(|aud| aud == party),
        }
    }
}

/// A JSON number, whole or not (RFC 7519, 2).
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum NumericDate {
    Whole(i64),
    Fraction(f64),
}

impl NumericDate {
    /// To the second, as long as it is a date at all: our dates end with the year 9999.
    pub(super) fn date(self) -> Option<OffsetDateTime> {
        match self {
            Self::Whole(seconds) => OffsetDateTime::from_unix_timestamp(seconds).ok(),
            Self::Fraction(seconds) => Duration::checked_seconds_f64(seconds.trunc())
                .and_then(|since| OffsetDateTime::UNIX_EPOCH.checked_add(since)),
        }
    }
}

#[derive(Default, Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    exp: Option<NumericDate>,
    iat: Option<NumericDate>,
    nonce: Option<String>,
    at_hash: Option<String>,
    sub: Option<String>,
    org_id: Option<String>,
}

/// The header of a token with one of these algorithms; its `kid` says which key to fetch. `jku`, `jwk` and `x5u` are
/// never followed.
///
/// # Errors
/// When no key could make this token acceptable.
pub fn acceptable_header(token: &WireSecret, algorithms: &[Algorithm]) -> Result<Header, Rejected> {
    let header = jsonwebtoken::decode_header(token.expose()).map_err(|_| Rejected::Algorithm)?;
    if header.crit.is_some() {
        return Err(Rejected::Critical);
    }
    if !algorithms.contains(&header.alg) {
        return Err(Rejected::Algorithm);
    }
    Ok(header)
}

/// The `sub` that a token has, without a look at its signature: only to find the logins that its revocation would end.
#[must_use]
pub fn subject_said(token: &WireSecret) -> Option<String> {
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token.expose()).ok()?;
    claims.sub
}

/// A claim that is a string in a token that was verified when it came: what it said, not whether it still counts.
#[must_use]
pub fn text_said(token: &WireSecret, claim: &str) -> Option<String> {
    let claims: Map<String, Value> = jsonwebtoken::dangerous::insecure_decode_claims(token.expose()).ok()?;
    claims.get(claim)?.as_str().map(str::to_owned)
}

/// The claims of an ID token with a right signature. Nothing is known of them yet.
pub struct SignedClaims {
    token: WireSecret,
    algorithm: Algorithm,
    all: Map<String, Value>,
    claims: Claims,
}

impl SignedClaims {
    /// Verifies the signature, and nothing else: the claims are checked by our own clock and by the rules of OpenID Connect.
    ///
    /// # Errors
    /// When the key has not signed it, or its claims are not those of an ID token.
    pub fn read(token: &WireSecret, header: &Header, key: &DecodingKey) -> Result<Self, Rejected> {
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let verified =
            jsonwebtoken::decode(token.expose(), key, &validation).map_err(|_| Rejected::Signature)?;
        let all: Map<String, Value> = verified.claims;
        let claims = serde_json::from_value(Value::Object(all.clone())).map_err(|_| Rejected::Malformed)?;
        Ok(Self { token: token.clone(), algorithm: header.alg, all, claims })
    }

    /// Checks the claims.
    ///
    /// # Errors
    /// The first check that failed.
    pub fn verified(self, expected: &Expected<'_>) -> Result<VerifiedIdToken, Rejected> {
        let Self { token, algorithm, all, claims } = self;
        check_parties(&claims, expected.issuer, expected.client_id)?;
        let expires_at = check_times(&claims, expected.now)?;
        check_nonce(&claims, expected.origin)?;
        check_access_token(&claims, algorithm, expected.access_token.as_ref())?;
        let subject = subject(&claims, expected.origin)?;
        check_organization(&claims, expected.origin)?;
        Ok(VerifiedIdToken { token, subject, expires_at, claims: all })
    }
}

fn check_nonce(claims: &Claims, origin: Origin<'_>) -> Result<(), Rejected> {
    let Origin::Login { nonce: expected, .. } = origin else { return Ok(()) };
    let nonce = claims.nonce.as_deref().map(WireSecret::from).ok_or(Rejected::Nonce)?;
    if nonce.equals(expected) { Ok(()) } else { Err(Rejected::Nonce) }
}

fn subject(claims: &Claims, origin: Origin<'_>) -> Result<String, Rejected> {
    let is_right = |sub: &String| match origin {
        Origin::Login { .. } | Origin::Elsewhere { .. } => !sub.is_empty(),
        Origin::Refresh { subject, .. } => sub == subject,
    };
    claims.sub.clone().filter(is_right).ok_or(Rejected::Subject)
}

/// A refresh need not repeat it (OIDC Core, 12.2).
fn check_organization(claims: &Claims, origin: Origin<'_>) -> Result<(), Rejected> {
    let named = claims.org_id.as_deref();
    let is_right = match origin {
        Origin::Login { organization: None, .. }
        | Origin::Elsewhere { organization: None }
        | Origin::Refresh { organization: None, .. } => true,
        Origin::Login { organization, .. } | Origin::Elsewhere { organization } => named == organization,
        Origin::Refresh { organization, .. } => named.is_none() || named == organization,
    };
    if is_right { Ok(()) } else { Err(Rejected::Organization) }
}

fn check_parties(claims: &Claims, issuer: &str, client_id: &str) -> Result<(), Rejected> {
    if claims.iss.as_deref() != Some(issuer) {
        return Err(Rejected::Issuer);
    }
    if !claims.aud.as_ref().is_some_and(|aud| aud.names(client_id)) {
        return Err(Rejected::Audience);
    }
    // Several audiences need no azp (OIDC Core with errata 2, 3.1.3.7); one that is there has to be ours.
    match &claims.azp {
        Some(azp) if azp != client_id => Err(Rejected::AuthorizedParty),
        _ => Ok(()),
    }
}

fn check_times(claims: &Claims, now: OffsetDateTime) -> Result<OffsetDateTime, Rejected> {
    let expires_at = claims.exp.ok_or(Rejected::Expired)?.date().ok_or(Rejected::Malformed)?;
    if expires_at <= now.saturating_sub(LEEWAY) {
        return Err(Rejected::Expired);
    }
    let issued_at = claims.iat.ok_or(Rejected::IssuedAt)?.date().ok_or(Rejected::Malformed)?;
    if issued_at > now.saturating_add(LEEWAY) {
        return Err(Rejected::IssuedAt);
    }
    Ok(expires_at)
}

fn check_access_token(
    claims: &Claims,
    algorithm: Algorithm,
    access_token: Option<&WireSecret>,
) -> Result<(), Rejected> {
    match (&claims.at_hash, access_token) {
        (Some(hash), Some(token)) if *hash != access_token_hash(algorithm, token.expose()) => {
            Err(Rejected::AccessTokenHash)
        }
        _ => Ok(()),
    }
}

/// `at_hash`: the left half of the access token's hash, with the hash function of the signature (OIDC Core, 3.1.3.6).
fn access_token_hash(algorithm: Algorithm, access_token: &str) -> String {
    let function = match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &SHA512,
        _ => &SHA256,
    };
    let whole = digest::digest(function, access_token.as_bytes());
    let (left, _) = whole.as_ref().split_at(function.output_len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests;
