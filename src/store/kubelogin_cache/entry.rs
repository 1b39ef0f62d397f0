//! An entry of the cache: a token set, and the issuer and client that its token names.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::protocol::WireSecret;

/// The name of an entry: 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName(pub(super) String);

impl EntryName {
    /// Of a file's name; none for any other file.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (name.len() == 64 && name.bytes().all(is_digit)).then(|| Self(name.to_owned()))
    }
}

/// The OpenID provider and the client of the tokens that are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// `iss`, byte for byte.
    pub issuer: &'a str,
    /// The client id, in `aud` and, where it is there, in `azp`.
    pub id: &'a str,
}

/// A login that serves.
#[derive(Clone, Debug)]
pub struct CachedLogin {
    /// The entry.
    pub name: EntryName,
    /// The ID token.
    pub id_token: WireSecret,
    /// The refresh token; to be spent under the entry's lock alone.
    pub refresh_token: Option<WireSecret>,
    /// When the ID token expires, by its own word.
    pub expires_at: OffsetDateTime,
}

/// What kubelogin writes: both may be missing (`omitempty`).
#[derive(Debug, Deserialize)]
pub struct Content {
    id_token: Option<WireSecret>,
    refresh_token: Option<WireSecret>,
}

/// What an entry is to a client.
#[derive(Debug)]
pub enum Standing {
    /// Its login.
    Valid {
        /// The ID token.
        id_token: WireSecret,
        /// The refresh token.
        refresh_token: Option<WireSecret>,
        /// When the ID token expires.
        expires_at: OffsetDateTime,
    },
    /// Its login, with an ID token that has expired.
    Expired(OffsetDateTime),
    /// An access token that its client got (`--oidc-use-access-token`).
    AccessToken,
    /// Another issuer's, or another client's.
    Foreign,
    /// No token that names its issuer.
    NoJwt,
}

/// The claims that are read (RFC 7519, 4.1; OpenID Connect Core, 2; RFC 9068, 2.2).
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    client_id: Option<String>,
    exp: Option<f64>,
    /// Keycloak says here what a token is.
    typ: Option<String>,
}

/// `aud` is a string or an array of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, client: &str) -> bool {
        match self {
            Self::One(audience) => audience == client,
            Self::Several(audiences) => audiences.iter().any(|audience| audience == client),
        }
    }
}

impl Content {
    /// Reads a file; none where it is broken, or cut off in the middle of a write.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether and how it is that client's.
    #[must_use]
    pub fn standing(self, client: Client<'_>, now: OffsetDateTime) -> Standing {
        let Some(token) = self.id_token else { return Standing::NoJwt };
        let Some((typ, claims)) = read(&token) else { return Standing::NoJwt };
        if claims.iss.as_deref() != Some(client.issuer) {
            return Standing::Foreign;
        }
        let is_for = claims.aud.as_ref().is_some_and(|audience| audience.names(client.id));
        let authorized = claims.azp.as_deref().or(claims.client_id.as_deref());
        if is_access_token(typ.as_deref(), &claims) || !is_for {
            return if is_for || authorized == Some(client.id) {
                Standing::AccessToken
            } else {
                Standing::Foreign
            };
        }
        if claims.azp.is_some_and(|azp| azp != client.id) {
            return Standing::Foreign;
        }
        match claims.exp.and_then(date) {
            None => Standing::NoJwt,
            Some(at) if at <= now => Standing::Expired(at),
            Some(at) => {
                Standing::Valid { id_token: token, refresh_token: self.refresh_token, expires_at: at }
            }
        }
    }
}

/// The `typ` of the header and the claims. The backend verifies the token.
fn read(token: &WireSecret) -> Option<(Option<String>, Claims)> {
    let header = jsonwebtoken::decode_header(token.expose()).ok()?;
    Some((header.typ, jsonwebtoken::dangerous::insecure_decode_claims(token.expose()).ok()?))
}

/// RFC 9068, 2.1, and Keycloak's own way to say it.
fn is_access_token(typ: Option<&str>, claims: &Claims) -> bool {
    let typ = typ.unwrap_or_default().to_ascii_lowercase();
    typ.trim_start_matches("application/") == "at+jwt" || claims.typ.as_deref() == Some("Bearer")
}

/// A `NumericDate` may have a fraction.
fn date(seconds: f64) -> Option<OffsetDateTime> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large becomes the largest number, which is no date"
    )]
    let seconds = seconds.is_finite().then_some(seconds as i64)?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}
