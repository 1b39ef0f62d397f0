//! A copy of what another server publishes: a discovery document, a set of keys.
//!
//! A copy counts for an hour, and for a day while its publisher does not answer. Long before that a new one is fetched in the
//! background: no request waits for it while there is a copy that counts. One fetch at a time, shared by all; a failure is
//! remembered for a second, and once there was one, no request waits longer than that for the next: a server that hangs costs
//! the first its deadline, not each.

#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "differences of moments cannot overflow")
)]

use std::fmt::Display;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use prometheus::Histogram;
use time::{Duration, OffsetDateTime};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::Instrument;

use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::request_context::RequestContext;
use crate::panics::caught;

/// A copy that is older is fetched again in the background.
const FRESH: Duration = Duration::minutes(10);
/// A copy that is older does not count, so that a withdrawn key stops counting.
const COUNTS: Duration = Duration::hours(1);
/// The same while its publisher does not answer.
const COUNTS_IN_TROUBLE: Duration = Duration::days(1);
/// How long a failure is remembered, and how long a request waits for the fetch after it.
const FAILURE: std::time::Duration = std::time::Duration::from_secs(1);
/// So many fetches at once for what a copy lacks, and one more each time that this has passed: a burst of unknown key ids does
/// not shut out the one that is new.
const EXTRA_FETCHES: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
const EXTRA_FETCH_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// So many fetches may die with their workers before who waits for one is told.
const MOST_DEATHS: usize = 3;

/// A fetch ended without an outcome: it panicked, or its worker ended.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the fetch was interrupted")]
pub struct Interrupted;

impl From<Interrupted> for OutboundError {
    fn from(interrupted: Interrupted) -> Self {
        Self::AnswerLost(interrupted.to_string())
    }
}

/// One published thing.
pub struct Published<T, E>(Arc<Shared<T, E>>);

struct Shared<T, E> {
    /// What it is, for the log.
    what: &'static str,
    clock: Arc<dyn Clock>,
    /// How long fetching takes.
    seconds: Histogram,
    extra_fetches: DefaultDirectRateLimiter,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    copy: Option<Fetched<T>>,
    /// The last failure, where nothing has been fetched since.
    failure: Option<(E, OffsetDateTime)>,
    /// Closed when the fetch is over.
    flight: Option<watch::Receiver<()>>,
}

/// A copy.
pub struct Fetched<T> {
    /// What was published.
    pub content: Arc<T>,
    at: OffsetDateTime,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        Self { content: Arc::clone(&self.content), at: self.at }
    }
}

impl<T> Fetched<T> {
    /// Whether it was fetched between these moments.
    #[must_use]
    pub fn is_of(&self, moments: RangeInclusive<OffsetDateTime>) -> bool {
        moments.contains(&self.at)
    }
}

/// What a look at the state leads to.
enum Look<T, E> {
    /// This is the answer.
    Answer(Result<Fetched<T>, E>),
    /// It comes with this flight; the last failure, where there was one since.
    Wait(watch::Receiver<()>, Option<E>),
}

impl<T, E> Published<T, E>
where
    T: 'static,
    E: Clone + Display + From<Interrupted> + 'static,
{
    /// Nothing is fetched yet.
    #[must_use]
    pub fn new(what: &'static str, clock: Arc<dyn Clock>, seconds: Histogram) -> Self {
        // A period of zero has no quota; ours is none.
        let quota = Quota::with_period(EXTRA_FETCH_EVERY).unwrap_or(Quota::per_minute(EXTRA_FETCHES));
        let extra_fetches = RateLimiter::direct(quota.allow_burst(EXTRA_FETCHES));
        let state = Mutex::new(State { copy: None, failure: None, flight: None });
        Self(Arc::new(Shared { what, clock, seconds, extra_fetches, state }))
    }

    /// A copy that counts.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn current<F>(&self, fetch: impl Fn() -> F) -> Result<Fetched<T>, E>
    where
        F: Future<Output = Result<T, E>> + 'static,
    {
        self.landed(|| {
            let (mut state, now) = (self.0.state(), self.0.clock.now());
            if let Some(copy) = state.fresh_copy(now) {
                return Look::Answer(Ok(copy));
            }
            if let Some(error) = state.failure_just_before(now) {
                return Look::Answer(state.copy_that_counts(now).ok_or(error));
            }
            let flight = self.flight(&mut state, &fetch);
            match state.copy_that_counts(now) {
                Some(copy) => Look::Answer(Ok(copy)),
                None => Look::Wait(flight, state.last_failure()),
            }
        })
        .await
    }

    /// What is published now, for who misses something in `seen`; `seen` itself where that was asked for too often.
    ///
    /// # Errors
    /// When it cannot be fetched.
    pub async fn newer_than<F>(&self, seen: &Fetched<T>, fetch: impl Fn() -> F) -> Result<Fetched<T>, E>
    where
        F: Future<Output = Result<T, E>> + 'static,
    {
        self.landed(|| {
            let (mut state, now) = (self.0.state(), self.0.clock.now());
            if let Some(other) = state.copy.as_ref().filter(|copy| !Arc::ptr_eq(&copy.content, &seen.content))
            {
                return Look::Answer(Ok(other.clone()));
            }
            if let Some(error) = state.failure_just_before(now) {
                return Look::Answer(Err(error));
            }
            if state.flight_under_way().is_none() && self.0.extra_fetches.check().is_err() {
                return Look::Answer(state.last_failure().map_or(Ok(seen.clone()), Err));
            }
            Look::Wait(self.flight(&mut state, &fetch), state.last_failure())
        })
        .await
    }

    /// Looks until there is an answer. A flight that ends without an outcome died with its worker; the next look begins another.
    async fn landed(&self, look: impl Fn() -> Look<T, E>) -> Result<Fetched<T>, E> {
        for _ in 0..=MOST_DEATHS {
            match look() {
                Look::Answer(answer) => return answer,
                Look::Wait(flight, None) => over(flight).await,
                Look::Wait(flight, Some(error)) => {
                    if timeout(FAILURE, over(flight)).await.is_err() {
                        return Err(error);
                    }
                }
            }
        }
        Err(Interrupted.into())
    }

    /// The fetch that is under way, or a new one, which goes on when its request is gone.
    fn flight<F>(&self, state: &mut State<T, E>, fetch: &impl Fn() -> F) -> watch::Receiver<()>
    where
        F: Future<Output = Result<T, E>> + 'static,
    {
        if let Some(under_way) = state.flight_under_way() {
            return under_way;
        }
        let (sender, receiver) = watch::channel(());
        state.flight = Some(receiver.clone());
        let (shared, fetched) = (Arc::clone(&self.0), fetch());
        let work = async move {
            let timer = shared.seconds.start_timer();
            let outcome = caught(fetched).await.unwrap_or_else(|_| Err(Interrupted.into()));
            timer.observe_duration();
            shared.land(outcome);
            drop(sender);
        };
        actix_web::rt::spawn(RequestContext::carried_on(RequestContext::current(), work).in_current_span());
        receiver
    }
}

async fn over(mut flight: watch::Receiver<()>) {
    while flight.changed().await.is_ok() {}
}

impl<T, E: Clone + Display> Shared<T, E> {
    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn land(&self, outcome: Result<T, E>) {
        let (mut state, now) = (self.state(), self.clock.now());
        state.flight = None;
        match outcome {
            Ok(content) => {
                state.copy = Some(Fetched { content: Arc::new(content), at: now });
                state.failure = None;
            }
            Err(error) => {
                tracing::warn!(%error, what = self.what, kept = state.copy.is_some(), "cannot be fetched");
                state.failure = Some((error, now));
            }
        }
    }
}

/// Whether a failure at that moment is still remembered; not one that a clock which was set back since has in the future.
fn is_just_before(at: OffsetDateTime, now: OffsetDateTime) -> bool {
    at <= now && now - at < FAILURE
}

impl<T, E: Clone> State<T, E> {
    /// Not one that a clock which was set back since has in the future: it would be fresh for as long as the clock was wrong.
    fn fresh_copy(&self, now: OffsetDateTime) -> Option<Fetched<T>> {
        self.copy_younger_than(FRESH, now).filter(|copy| copy.at <= now)
    }

    fn copy_younger_than(&self, age: Duration, now: OffsetDateTime) -> Option<Fetched<T>> {
        self.copy.as_ref().filter(|copy| now - copy.at < age).cloned()
    }

    fn copy_that_counts(&self, now: OffsetDateTime) -> Option<Fetched<T>> {
        self.copy_younger_than(if self.failure.is_some() { COUNTS_IN_TROUBLE } else { COUNTS }, now)
    }

    fn failure_just_before(&self, now: OffsetDateTime) -> Option<E> {
        self.failure.as_ref().filter(|(_, at)| is_just_before(*at, now)).map(|(error, _)| error.clone())
    }

    fn last_failure(&self) -> Option<E> {
        self.failure.as_ref().map(|(error, _)| error.clone())
    }

    fn flight_under_way(&self) -> Option<watch::Receiver<()>> {
        self.flight.as_ref().filter(|flight| flight.has_changed().is_ok()).cloned()
    }
}

#[cfg(test)]
mod tests;
