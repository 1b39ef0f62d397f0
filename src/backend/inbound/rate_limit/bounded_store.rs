//! Where a limiter keeps its counts: for so many keys and no more, so that requests under ever new keys cost neither memory nor
//! a sweep over all of them.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use lru::LruCache;

/// How many keys are counted at once; a count is forgotten within a minute anyway.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add((1 << 16) - 1);

/// The counts of the keys that were seen last. A new key takes the place of the one not seen for the longest time.
pub(crate) struct BoundedStore<K: Hash + Eq>(Mutex<LruCache<K, Nanos>>);

impl<K: Hash + Eq> Default for BoundedStore<K> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl<K: Hash + Eq + Clone> StateStore for BoundedStore<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // A panic between the two calls leaves the old count.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (decision, count) = decide(counts.get(key).copied())?;
        counts.put(key.clone(), count);
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_count(store: &BoundedStore<usize>, key: usize) -> Option<Nanos> {
        store.measure_and_replace::<_, _, ()>(&key, |last| Ok((last, Nanos::new(1)))).unwrap()
    }

    #[test]
    fn the_key_not_seen_for_the_longest_time_makes_room() {
        let store = BoundedStore::default();
        for key in 0..CAPACITY.get() {
            assert_eq!(last_count(&store, key), None);
        }
        assert!(last_count(&store, 0).is_some());
        assert_eq!(last_count(&store, CAPACITY.get()), None);
        assert_eq!(store.0.lock().unwrap().len(), CAPACITY.get());
        assert!(last_count(&store, 0).is_some());
        assert_eq!(last_count(&store, 1), None);
    }
}
