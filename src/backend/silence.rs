//! An identity provider that has just not answered is left alone for a while by whoever is in no hurry.

use std::sync::{Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

/// For how long.
const SILENCE: time::Duration = time::Duration::minutes(1);

/// What is done while an identity provider is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhileSilent {
    /// It is asked: somebody waits for what comes of it.
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

    /// Whether it is not asked by those who would leave it alone. A clock that was set back since makes no silence last.
    #[must_use]
    pub fn lasts(&self, now: OffsetDateTime) -> bool {
        self.since().is_some_and(|since| since <= now && now - since < SILENCE)
    }

    fn since(&self) -> MutexGuard<'_, Option<OffsetDateTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_for_a_minute_or_until_there_is_an_answer() {
        let (silence, now) = (Silence::default(), OffsetDateTime::UNIX_EPOCH);
        assert!(!silence.lasts(now));
        silence.begin(now);
        assert!(silence.lasts(now) && silence.lasts(now + SILENCE / 2));
        assert!(!silence.lasts(now + SILENCE) && !silence.lasts(now - SILENCE));
        silence.end();
        assert!(!silence.lasts(now));
    }
}
