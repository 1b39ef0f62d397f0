//! A published set of keys (JWKS, RFC 7517), fetched again when a token names a key that is not in it.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::sync::{Arc, Weak};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header};
use prometheus::Histogram;
use serde_json::Value;

use super::published::Published;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;

/// A JWKS as JSON; keys of kinds that we do not know are passed over.
#[derive(serde::Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

/// So many keys are tried at most for one token.
const MOST_TRIED: usize = 8;

/// A key, decoded once.
struct Key {
    kid: Option<String>,
    /// What a token with this key may be signed with.
    algorithms: Vec<Algorithm>,
    decoded: DecodingKey,
}

impl Key {
    /// `None` where it cannot verify anything.
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(without_leading_zeros(json)).ok()?;
        let algorithms = algorithms(&jwk);
        let decoded = DecodingKey::from_jwk(&jwk).ok()?;
        (!algorithms.is_empty()).then_some(Self { kid: jwk.common.key_id, algorithms, decoded })
    }

    /// Whether a token with this header may be signed with it: a key without a name may be any.
    fn fits(&self, algorithm: Algorithm, kid: Option<&str>) -> bool {
        let named = kid.zip(self.kid.as_deref()).is_none_or(|(wanted, ours)| wanted == ours);
        named && self.algorithms.contains(&algorithm)
    }
}

/// The key's own type decides (RFC 7518, 6), so that no key is taken for one of another kind; its `use`, `key_ops` and `alg` are kept to.
fn algorithms(jwk: &Jwk) -> Vec<Algorithm> {
    let common = &jwk.common;
    let to_sign = common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let verifies = |all: &Vec<KeyOperations>| all.contains(&KeyOperations::Verify);
    if !to_sign || !common.key_operations.as_ref().is_none_or(verifies) {
        return Vec::new();
    }
    let of_type: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms(),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        _ => &[],
    };
    let named = |algorithm: &&Algorithm| common.key_algorithm.is_none_or(|own| own == (**algorithm).into());
    of_type.iter().filter(named).copied().collect()
}

/// Some providers write an RSA modulus as a signed number, with a zero octet before it (RFC 7518, 6.3.1.1 forbids that).
fn without_leading_zeros(mut json: Value) -> Value {
    if let Some(Value::String(modulus)) = json.get_mut("n")
        && let Ok(octets) = URL_SAFE_NO_PAD.decode(modulus.as_bytes())
    {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        *modulus = URL_SAFE_NO_PAD.encode(octets.get(zeros..).unwrap_or_default());
    }
    json
}

/// The keys of a set as they were fetched at one time; another fetch makes other ones, also of the same keys. Who holds it holds the name
/// alone: the keys go when others have come.
#[derive(Clone)]
pub struct KeysCopy(Weak<Vec<Key>>);

impl KeysCopy {
    fn of(keys: &Arc<Vec<Key>>) -> Self {
        Self(Arc::downgrade(keys))
    }

    fn is_of(&self, keys: &Arc<Vec<Key>>) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(keys))
    }
}

/// What the keys of one copy made of a token: the first one's answer where none was right, or `None` where no key fits.
pub type ByCopy<T, E> = (Option<Result<T, E>>, KeysCopy);

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

    /// Verifies a token with each key that fits its header, until one is right; says with which copy of the set. The set is fetched again for
    /// a name that is not in it, and where a key without a name was wrong: those change without a sign.
    ///
    /// # Errors
    /// When there is no set and none can be fetched.
    pub async fn verify<T, E>(
        &self,
        header: &Header,
        url: &str,
        client: &HttpClient,
        with: impl Fn(&DecodingKey) -> Result<T, E>,
    ) -> Result<ByCopy<T, E>, OutboundError> {
        let (asked_at, fetch) = (self.clock.now(), || fetched(client.clone(), url.to_owned()));
        let known = self.published.current(fetch).await?;
        let tried = Tried::each(&known.content, header, &with);
        if tried.is_final() || known.is_of(asked_at..=self.clock.now()) {
            return Ok((tried.answer, KeysCopy::of(&known.content)));
        }
        let newer = self.published.newer_than(&known, fetch).await?;
        Ok((Tried::each(&newer.content, header, &with).answer, KeysCopy::of(&newer.content)))
    }

    /// Whether a token would be verified with this copy now, as long as its key is in it. As with [`Self::verify`], one that is getting
    /// old is fetched again in the background.
    pub async fn is_current(&self, copy: &KeysCopy, url: &str, client: &HttpClient) -> bool {
        let known = self.published.current(|| fetched(client.clone(), url.to_owned())).await;
        known.is_ok_and(|known| copy.is_of(&known.content))
    }

    /// What its keys verify, each once.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn algorithms(&self, url: &str, client: &HttpClient) -> Result<Vec<Algorithm>, OutboundError> {
        let known = self.published.current(|| fetched(client.clone(), url.to_owned())).await?;
        let mut all = Vec::new();
        for algorithm in known.content.iter().flat_map(|key| &key.algorithms) {
            if !all.contains(algorithm) {
                all.push(*algorithm);
            }
        }
        Ok(all)
    }

    /// Makes sure that there is a set, so that a later [`Self::verify`] need not wait or fail.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn warm(&self, url: &str, client: &HttpClient) -> Result<(), OutboundError> {
        self.published.current(|| fetched(client.clone(), url.to_owned())).await.map(|_| ())
    }
}

async fn fetched(client: HttpClient, url: String) -> Result<Vec<Key>, OutboundError> {
    let jwks: Jwks = client.get_json(&url).await?;
    Ok(jwks.keys.into_iter().filter_map(Key::read).collect())
}

/// What came of the keys that fit a header.
struct Tried<T, E> {
    answer: Option<Result<T, E>>,
    /// Whether one of them has no name.
    unnamed: bool,
}

impl<T, E> Tried<T, E> {
    /// Those with the header's name come first.
    fn each(keys: &[Key], header: &Header, with: impl Fn(&DecodingKey) -> Result<T, E>) -> Self {
        let kid = header.kid.as_deref();
        let fitting = keys.iter().filter(|key| key.fits(header.alg, kid));
        let (named, unnamed): (Vec<&Key>, Vec<&Key>) = fitting.partition(|key| key.kid.is_some());
        let mut tried = Self { answer: None, unnamed: !unnamed.is_empty() };
        for key in named.into_iter().chain(unnamed).take(MOST_TRIED) {
            match with(&key.decoded) {
                Ok(right) => return Self { answer: Some(Ok(right)), ..tried },
                Err(wrong) => tried.answer = tried.answer.or(Some(Err(wrong))),
            }
        }
        tried
    }

    fn is_final(&self) -> bool {
        match &self.answer {
            None => false,
            Some(Ok(_)) => true,
            Some(Err(_)) => !self.unnamed,
        }
    }
}

#[cfg(test)]
mod tests;
