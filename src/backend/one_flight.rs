//! Many want the same thing fetched: one does it, the others share what came of it, a failure included. Otherwise twenty
//! who wait for a server that hangs would wait twenty times as long.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// The one fetch that may be under way.
pub struct OneFlight<E> {
    landed: AtomicU64,
    /// Held by whoever fetches; the failure of the last flight, where it failed.
    failure: Mutex<Option<E>>,
}

impl<E> Default for OneFlight<E> {
    fn default() -> Self {
        Self { landed: AtomicU64::new(0), failure: Mutex::new(None) }
    }
}

impl<E: Clone> OneFlight<E> {
    /// What is cached by the time it is our turn, the failure of the flight that we waited for, or else what `fetch` brings;
    /// `fetch` fills the cache itself.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn join<T>(
        &self,
        cached: impl FnOnce() -> Option<T>,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let before = self.landed.load(Ordering::Acquire);
        let mut failure = self.failure.lock().await;
        if let Some(found) = cached() {
            return Ok(found);
        }
        if self.landed.load(Ordering::Acquire) != before
            && let Some(error) = failure.as_ref()
        {
            return Err(error.clone());
        }
        let outcome = fetch.await;
        *failure = outcome.as_ref().err().cloned();
        self.landed.fetch_add(1, Ordering::Release);
        outcome
    }
}
