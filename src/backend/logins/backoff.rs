//! After a refresh that failed, none is tried for a while: longer with each failure in a row, and as long as the identity provider
//! asks for. It stands in the login's record, so that all replicas keep to it.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::random::Random;

/// The pause after the first failure; it doubles with each that follows.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that is our own idea.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// The longest that an identity provider may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// That a login's refreshes fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// How many failed in a row.
    failures: u32,
    /// The next one comes no sooner.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    not_before: OffsetDateTime,
    /// How the last one failed, for those who ask meanwhile.
    how: Trouble,
}

/// What a login survives, as its record names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The identity provider was not reached.
    Unreachable,
    /// It answered, and did not refresh; its error code or status.
    Refused(String),
    /// What it sent cannot be verified; why not.
    Unproven(String),
}

impl Trouble {
    /// Whether the identity provider waits for the person (OIDC Core, 3.1.2.6; Entra answers refreshes so).
    #[must_use]
    pub fn is_for_want_of_a_login(&self) -> bool {
        matches!(self, Self::Refused(code) if wants_a_login(code))
    }
}

/// Whether a refusal with this code says that the person has to log in.
#[must_use]
pub fn wants_a_login(code: &str) -> bool {
    ["interaction_required", "login_required", "consent_required"].contains(&code)
}

impl Failing {
    /// One more failure after those `before` it, where the identity provider `asked` to be left alone for so long.
    #[must_use]
    pub fn after(
        before: Option<&Self>,
        how: Trouble,
        asked: Option<Duration>,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        let failures = before.map_or(0, |failing| failing.failures).saturating_add(1);
        let pause = with_jitter(pause(failures, asked), random);
        let not_before = now.saturating_add(time::Duration::try_from(pause).unwrap_or(time::Duration::MAX));
        Self { failures, not_before, how }
    }

    /// Whether the identity provider waits for the person.
    #[must_use]
    pub fn is_for_want_of_a_login(&self) -> bool {
        self.how.is_for_want_of_a_login()
    }

    /// How the last refresh failed, while no other one is to be tried.
    #[must_use]
    pub fn trouble_at(&self, now: OffsetDateTime) -> Option<&Trouble> {
        (now < self.not_before).then_some(&self.how)
    }
}

fn pause(failures: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

/// Up to a quarter longer, so that logins that failed together are not tried together; never shorter, since it may be asked for.
fn with_jitter(pause: Duration, random: &dyn Random) -> Duration {
    let mut share = [0];
    // A machine without randomness has other troubles.
    let _ = random.fill(&mut share);
    let [share] = share;
    pause.saturating_add(pause.mul_f32(f32::from(share) / (4.0 * 255.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    /// For how many milliseconds nothing is tried after so many failures.
    fn quiet_after(failures: u32, asked: Option<Duration>) -> i128 {
        let mut failing = None;
        for _ in 0..failures {
            let how = Trouble::Refused("slow_down".to_owned());
            failing = Some(Failing::after(failing.as_ref(), how, asked, START, &SystemRandom));
        }
        (failing.unwrap().not_before - START).whole_milliseconds()
    }

    #[test]
    fn pauses_grow_to_two_minutes_and_a_half() {
        for (failures, seconds) in [(1, 1), (2, 2), (5, 16), (7, 64), (8, 120), (10_000, 120)] {
            let quiet = quiet_after(failures, None);
            assert!((seconds * 1_000..=seconds * 1_250).contains(&quiet), "{failures}: {quiet}");
        }
    }

    #[test]
    fn what_the_provider_asks_for_is_kept_to_up_to_an_hour() {
        let (minutes, years) = (Duration::from_mins(5), Duration::from_hours(100_000));
        assert!(quiet_after(1, Some(minutes)) >= 300_000);
        assert!((3_600_000..=4_500_000).contains(&quiet_after(1, Some(years))));
        assert!(quiet_after(7, Some(Duration::from_secs(1))) >= 64_000, "less than our own pause");
    }

    #[test]
    fn who_asks_meanwhile_is_told_what_happened() {
        let failing = Failing::after(None, Trouble::Unreachable, None, START, &SystemRandom);
        assert_eq!(failing.trouble_at(START), Some(&Trouble::Unreachable));
        assert_eq!(failing.trouble_at(START + LONGEST_PAUSE), None);
    }

    #[test]
    fn ten_minutes_of_failures_are_at_most_twelve_requests() {
        let (mut now, mut failing, mut requests) = (START, None, 0);
        while now <= START + Duration::from_mins(10) {
            requests += 1;
            failing = Some(Failing::after(failing.as_ref(), Trouble::Unreachable, None, now, &NoJitter));
            now = failing.as_ref().unwrap().not_before;
        }
        assert_eq!(requests, 11);
    }

    struct NoJitter;

    impl Random for NoJitter {
        fn fill(&self, _: &mut [u8]) -> Result<(), crate::random::NoRandomness> {
            Ok(())
        }
    }
}
