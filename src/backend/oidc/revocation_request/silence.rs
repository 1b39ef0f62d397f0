//! Work that can wait does not ask an identity provider that has just not answered.

#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "differences of moments cannot overflow")
)]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

/// What is done while an identity provider is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhileSilent {
    /// It is asked: a person waits for the result.
    Ask,
    /// It is not: the same is tried again later.
    LeaveAlone,
}

/// When an identity provider did not answer, where it has not since.
#[derive(Debug, Default)]
pub struct Silence(Mutex<Option<OffsetDateTime>>);

impl Silence {
    /// It did not answer.
    pub fn begin(&self, now: OffsetDateTime) {
        *self.since() = Some(now);
    }

    /// It answered.
    pub fn end(&self) {
        *self.since() = None;
    }

    /// Whether it began less than so long ago. A clock that was set back since makes no silence last.
    #[must_use]
    pub fn lasts(&self, now: OffsetDateTime, long: Duration) -> bool {
        self.since().is_some_and(|since| since <= now && now - since < long)
    }

    fn since(&self) -> MutexGuard<'_, Option<OffsetDateTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_for_a_while_or_until_there_is_an_answer() {
        let (silence, now, long) = (Silence::default(), OffsetDateTime::UNIX_EPOCH, Duration::from_secs(10));
        assert!(!silence.lasts(now, long));
        silence.begin(now);
        assert!(silence.lasts(now, long) && silence.lasts(now + long / 2, long));
        assert!(!silence.lasts(now + long, long) && !silence.lasts(now - long, long));
        silence.end();
        assert!(!silence.lasts(now, long));
    }
}
