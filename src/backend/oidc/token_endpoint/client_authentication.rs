//! What a request to the token endpoint, or to the revocation endpoint, shows of our client (OIDC Core, 9).

use jsonwebtoken::{EncodingKey, Header};
use oauth2::{AuthType, ClientSecret};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::ConfiguredClient;
use crate::backend::oidc::Provider;
use crate::backend::oidc::discovery::Metadata;
use crate::backend::oidc::provider_error::ProviderError;
use crate::clock::Clock;
use crate::outbound::http_client::Request;
use crate::protocol::WireSecret;
use crate::random::{Random, random_secret};
use crate::settings::cluster::{ClientAuthentication, PrivateKey, SecretPlace};

/// How long an assertion is good, in seconds.
const ASSERTION_LIVES: i64 = 60;
/// RFC 7523, 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What one request shows.
pub(in crate::backend::oidc) enum Shown {
    /// The client id and nothing more.
    Id,
    /// The secret in the header.
    InHeader(SecretString),
    /// The secret in the body.
    InBody(SecretString),
    /// A JWT that our key has signed for this request.
    Assertion(WireSecret),
}

/// RFC 7523, 3. The audience is the issuer alone: a JWT for the endpoint's address could be used at another server (RFC 7523bis).
#[derive(Serialize)]
struct AssertionClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: &'a str,
    iat: i64,
    exp: i64,
}

impl Provider {
    /// What the next request shows.
    pub(in crate::backend::oidc) fn shown(&self, metadata: &Metadata) -> Result<Shown, ProviderError> {
        match &*self.authentication.borrow() {
            ClientAuthentication::None => Ok(Shown::Id),
            ClientAuthentication::Secret { secret, place } => Ok(match place {
                SecretPlace::Body => Shown::InBody(secret.clone()),
                SecretPlace::Announced if metadata.takes_secrets_only_in_the_body() => {
                    Shown::InBody(secret.clone())
                }
                SecretPlace::Announced | SecretPlace::Header => Shown::InHeader(secret.clone()),
            }),
            ClientAuthentication::PrivateKeyJwt(key) => {
                let (client_id, issuer) = (&self.oidc.client_id, &self.oidc.issuer);
                let assertion = assertion(key, client_id, issuer, self.clock.as_ref(), self.random.as_ref())?;
                Ok(Shown::Assertion(assertion))
            }
        }
    }
}

impl Shown {
    /// The client of `oauth2`, which has the secret in its place.
    pub(super) fn as_part_of(&self, client: ConfiguredClient) -> ConfiguredClient {
        let with = |secret: &SecretString| {
            client.clone().set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        };
        match self {
            // With a secret, the crate form-encodes both parts of the header first (RFC 6749, 2.3.1).
            Self::InHeader(secret) => with(secret).set_auth_type(AuthType::BasicAuth),
            Self::InBody(secret) => with(secret).set_auth_type(AuthType::RequestBody),
            Self::Id | Self::Assertion(_) => client.set_auth_type(AuthType::RequestBody),
        }
    }

    /// The parameters of an assertion, where there is one.
    pub(super) fn assertion(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self::Assertion(assertion) = self else { return None.into_iter().flatten() };
        let parameters =
            [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.expose())];
        Some(parameters).into_iter().flatten()
    }

    /// Adds it to a request of our own that sends this form.
    pub(in crate::backend::oidc) fn added_to<'a>(
        &'a self,
        request: Request,
        client_id: &'a str,
        form: &mut Vec<(&'static str, &'a str)>,
    ) -> Request {
        if let Self::InHeader(secret) = self {
            return request.basic_auth(&form_encoded(client_id), &form_encoded(secret.expose_secret()));
        }
        form.push(("client_id", client_id));
        if let Self::InBody(secret) = self {
            form.push(("client_secret", secret.expose_secret()));
        }
        form.extend(self.assertion());
        request
    }
}

fn assertion(
    key: &PrivateKey,
    client_id: &str,
    issuer: &str,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<WireSecret, ProviderError> {
    let jti = random_secret(random).map_err(|_| ProviderError::NotSigned)?;
    let iat = clock.now().unix_timestamp();
    let claims = AssertionClaims {
        iss: client_id,
        sub: client_id,
        aud: issuer,
        jti: jti.expose(),
        iat,
        exp: iat.saturating_add(ASSERTION_LIVES),
    };
    signed(&Header::new(key.algorithm), &claims, &key.key)
}

fn signed(
    header: &Header,
    claims: &AssertionClaims<'_>,
    key: &EncodingKey,
) -> Result<WireSecret, ProviderError> {
    jsonwebtoken::encode(header, claims, key).map(WireSecret::from).map_err(|_| ProviderError::NotSigned)
}

/// A part of HTTP Basic as RFC 6749, 2.3.1 has it: form-encoded first.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
