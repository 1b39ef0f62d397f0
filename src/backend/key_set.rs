//! A published set of keys (JWKS, RFC 7517): cached, fetched by one task at a time, and fetched again when a token
//! names a key that is not in it.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use prometheus::Histogram;
use time::{Duration, OffsetDateTime};

use super::one_flight::OneFlight;
use crate::clock::Clock;
use crate::outbound::{self, OutboundError};

/// A set is fetched again at most this often for the sake of an unknown `kid`.
const REFETCH_AFTER: Duration = Duration::seconds(30);
/// A set is fetched again when older, so that a withdrawn key stops counting.
const MAX_AGE: Duration = Duration::hours(1);

/// A JWKS as JSON; keys of kinds that we do not know are passed over.
#[derive(serde::Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

#[derive(Clone)]
struct Fetched {
    keys: Arc<Vec<Jwk>>,
    at: OffsetDateTime,
    /// When the set was last fetched for the sake of an unknown `kid`.
    for_unknown_kid: Option<OffsetDateTime>,
}

/// Why a set is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// There is none, or it is too old.
    Age,
    /// A token names a key that is not in it.
    UnknownKid,
}

/// The keys behind one URL.
pub struct KeySet {
    clock: Arc<dyn Clock>,
    seconds: Histogram,
    fetched: RwLock<Option<Fetched>>,
    flight: OneFlight<OutboundError>,
}

impl KeySet {
    /// Knows no key yet; the seconds that fetching takes are observed.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seconds: Histogram) -> Self {
        Self { clock, seconds, fetched: RwLock::new(None), flight: OneFlight::default() }
    }

    /// The key that a token's header names; a token without `kid` may only mean the one key there is.
    ///
    /// # Errors
    /// When there is no set and none can be fetched.
    pub async fn find(
        &self,
        kid: Option<&str>,
        url: &str,
        client: &awc::Client,
    ) -> Result<Option<DecodingKey>, OutboundError> {
        let known = self.current();
        let found = known.as_ref().and_then(|fetched| pick(&fetched.keys, kid));
        let fresh = known.as_ref().is_some_and(|fetched| self.since(fetched.at) < MAX_AGE);
        let reason = match (&found, fresh) {
            (Some(_), true) => return Ok(found),
            (None, true) => Reason::UnknownKid,
            (_, false) => Reason::Age,
        };
        match self.refetched(known, reason, url, client).await {
            Ok(keys) => Ok(pick(&keys, kid)),
            Err(error) => match found {
                Some(key) => {
                    tracing::warn!(%error, "keys cannot be fetched again: the ones known so far still count");
                    Ok(Some(key))
                }
                None => Err(error),
            },
        }
    }

    /// Makes sure that there is a set, so that a later [`Self::find`] need not wait or fail.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn warm(&self, url: &str, client: &awc::Client) -> Result<(), OutboundError> {
        match self.current() {
            Some(_) => Ok(()),
            None => self.refetched(None, Reason::Age, url, client).await.map(|_| ()),
        }
    }

    fn current(&self) -> Option<Fetched> {
        self.fetched.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn since(&self, moment: OffsetDateTime) -> Duration {
        self.clock.now() - moment
    }

    async fn refetched(
        &self,
        seen: Option<Fetched>,
        reason: Reason,
        url: &str,
        client: &awc::Client,
    ) -> Result<Arc<Vec<Jwk>>, OutboundError> {
        let seen_at = seen.map(|fetched| fetched.at);
        let too_soon = |fetched: &Fetched| {
            let last = fetched.for_unknown_kid.filter(|_| reason == Reason::UnknownKid);
            last.is_some_and(|at| self.since(at) < REFETCH_AFTER)
        };
        let cached = || {
            let current = self.current()?;
            (Some(current.at) != seen_at || too_soon(&current)).then_some(current.keys)
        };
        self.flight.join(cached, self.fetch(reason, url, client)).await
    }

    async fn fetch(
        &self,
        reason: Reason,
        url: &str,
        client: &awc::Client,
    ) -> Result<Arc<Vec<Jwk>>, OutboundError> {
        let timer = self.seconds.start_timer();
        let published: Published = outbound::get_json(client, url).await?;
        timer.observe_duration();
        let keys = published.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        let (keys, at) = (Arc::new(keys), self.clock.now());
        let for_unknown_kid = match reason {
            Reason::UnknownKid => Some(at),
            Reason::Age => self.current().and_then(|fetched| fetched.for_unknown_kid),
        };
        let fetched = Fetched { keys: Arc::clone(&keys), at, for_unknown_kid };
        *self.fetched.write().unwrap_or_else(PoisonError::into_inner) = Some(fetched);
        Ok(keys)
    }
}

fn pick(keys: &[Jwk], kid: Option<&str>) -> Option<DecodingKey> {
    let jwk = match (kid, keys) {
        (Some(kid), keys) => keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid))?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    DecodingKey::from_jwk(jwk).ok()
}
