//! Tokens that were verified before. A signature costs as much as all the rest of a request, and the same token comes with many.
//!
//! What is remembered holds no token, only its SHA-256. It counts for as long as verifying the token anew would say the same: within its
//! own times, and while the keys are those of the same copy of each set, so that a withdrawn key is noticed as soon as without this.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use time::OffsetDateTime;

use super::backstage_keys::PublishedKeys;
use super::signed_token::Times;
use crate::backend::oidc::key_set::KeysCopy;
use crate::protocol::WireSecret;
use crate::random::{Digest, digest};

/// So many of each kind, about 300 bytes each; the one that was longest unused makes room.
const REMEMBERED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);

/// The signature of one token, and when it counts.
#[derive(Clone)]
pub(crate) struct Signature {
    times: Times,
    set: Arc<PublishedKeys>,
    copy: KeysCopy,
}

impl Signature {
    /// Of a token with these times, by a key of this copy of the set.
    pub(crate) fn new((times, copy): (Times, KeysCopy), set: &Arc<PublishedKeys>) -> Self {
        Self { times, set: Arc::clone(set), copy }
    }

    async fn counts(&self, now: OffsetDateTime) -> bool {
        self.times.check(now).is_ok() && self.set.is_current(&self.copy).await
    }
}

/// What a token was found to say, with each signature that says so: its own, and that of a token inside it.
#[derive(Clone)]
pub(crate) struct Verified<T> {
    pub(crate) what: T,
    pub(crate) signatures: Vec<Signature>,
}

/// What a token is remembered by.
pub(crate) fn name(token: &WireSecret) -> Digest {
    digest(token.expose().as_bytes())
}

/// The verified tokens of one kind, in one process.
pub(crate) struct VerifiedTokens<T>(Mutex<LruCache<Digest, Arc<Verified<T>>>>);

impl<T> Default for VerifiedTokens<T> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl<T> VerifiedTokens<T> {
    /// What the token of this name was found to say, where that still counts.
    pub(crate) async fn recall(&self, name: &Digest, now: OffsetDateTime) -> Option<Arc<Verified<T>>> {
        let known = self.lock().get(name).map(Arc::clone)?;
        for signature in &known.signatures {
            if !signature.counts(now).await {
                self.lock().pop(name);
                return None;
            }
        }
        Some(known)
    }

    /// Remembers a token that was verified just now.
    pub(crate) fn remember(&self, name: Digest, verified: Verified<T>) -> Arc<Verified<T>> {
        let verified = Arc::new(verified);
        self.lock().put(name, Arc::clone(&verified));
        verified
    }

    /// Each change is one step, so what a panic left behind is whole.
    fn lock(&self) -> MutexGuard<'_, LruCache<Digest, Arc<Verified<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
