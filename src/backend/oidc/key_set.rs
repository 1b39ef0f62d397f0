//! A published set of keys (JWKS, RFC 7517), fetched again when a token names a key that is not in it.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use prometheus::Histogram;

use super::published::Published;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;

/// A JWKS as JSON; keys of kinds that we do not know are passed over.
#[derive(serde::Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

/// A key, decoded once.
struct Key {
    kid: Option<String>,
    /// None where it cannot verify anything.
    decoded: Option<DecodingKey>,
}

impl From<Jwk> for Key {
    fn from(jwk: Jwk) -> Self {
        Self { decoded: DecodingKey::from_jwk(&jwk).ok(), kid: jwk.common.key_id }
    }
}

/// The keys behind one URL.
pub struct KeySet {
    clock: Arc<dyn Clock>,
    published: Published<Vec<Key>, OutboundError>,
}

impl KeySet {
    /// Knows no key yet; the seconds that fetching takes are observed.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seconds: Histogram) -> Self {
        Self { published: Published::new("a set of keys", Arc::clone(&clock), seconds), clock }
    }

    /// The key that a token's header names; a token without `kid` may only mean the one key there is.
    ///
    /// # Errors
    /// When there is no set and none can be fetched.
    pub async fn find(
        &self,
        kid: Option<&str>,
        url: &str,
        client: &HttpClient,
    ) -> Result<Option<DecodingKey>, OutboundError> {
        let (asked_at, fetch) = (self.clock.now(), || fetched(client.clone(), url.to_owned()));
        let known = self.published.current(fetch).await?;
        let found = pick(&known.content, kid);
        if found.is_some() || known.is_since(asked_at) {
            return Ok(found);
        }
        let newer = self.published.newer_than(&known, fetch).await?;
        Ok(pick(&newer.content, kid))
    }

    /// Makes sure that there is a set, so that a later [`Self::find`] need not wait or fail.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn warm(&self, url: &str, client: &HttpClient) -> Result<(), OutboundError> {
        self.published.current(|| fetched(client.clone(), url.to_owned())).await.map(|_| ())
    }
}

async fn fetched(client: HttpClient, url: String) -> Result<Vec<Key>, OutboundError> {
    let jwks: Jwks = client.get_json(&url).await?;
    let known = jwks.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(known.map(Key::from).collect())
}

fn pick(keys: &[Key], kid: Option<&str>) -> Option<DecodingKey> {
    let key = match (kid, keys) {
        (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid))?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    key.decoded.clone()
}
