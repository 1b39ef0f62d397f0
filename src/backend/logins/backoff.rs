//! After a refresh that failed, none is tried for a while: longer with each failure in a row, and as long as the identity provider
//! asks for. It stands in the login's record, so that all replicas keep to it.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::LiveLogin;
use crate::backend::tokens::refresh::GrantFailure;
use crate::random::Random;

/// The pause after the first failure; it doubles with each that follows.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that is our own idea.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The longest that an identity provider may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// A login whose refreshes fail.
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
enum Trouble {
    /// The identity provider was not reached.
    Unreachable,
    /// It answered, and did not refresh; its error code or status.
    Refused(String),
    /// What it sent cannot be verified; why not.
    Unproven(String),
}

impl LiveLogin {
    /// How the last refresh failed, while no other one is to be tried.
    #[must_use]
    pub fn failing(&self, now: OffsetDateTime) -> Option<GrantFailure> {
        let failing = self.failing.as_ref().filter(|failing| now < failing.not_before)?;
        Some(match &failing.how {
            Trouble::Unreachable => GrantFailure::NotSent,
            Trouble::Refused(code) => GrantFailure::NotNow { code: code.clone(), asked: None },
            Trouble::Unproven(reason) => {
                GrantFailure::Unproven { reason: reason.clone(), refresh_token: None }
            }
        })
    }

    /// The login as it is after one more failure. One that says nothing of the provider, or ends the login, changes nothing.
    #[must_use]
    pub fn after(self, failure: &GrantFailure, now: OffsetDateTime, random: &dyn Random) -> Self {
        let (how, asked) = match failure {
            GrantFailure::NotSent => (Trouble::Unreachable, None),
            GrantFailure::NotNow { code, asked } => (Trouble::Refused(code.clone()), *asked),
            GrantFailure::Unproven { reason, .. } => (Trouble::Unproven(reason.clone()), None),
            GrantFailure::Ambiguous | GrantFailure::InvalidGrant | GrantFailure::NotTheLogins { .. } => {
                return self;
            }
        };
        let failures = self.failing.as_ref().map_or(0, |failing| failing.failures).saturating_add(1);
        let pause = with_jitter(pause(failures, asked), random);
        let not_before = now.saturating_add(time::Duration::try_from(pause).unwrap_or(time::Duration::MAX));
        Self { failing: Some(Failing { failures, not_before, how }), ..self }
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
    use crate::backend::assembly::example_app::example_login;
    use crate::random::SystemRandom;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    /// For how many milliseconds nothing is tried after so many failures.
    fn quiet_after(failures: u32, asked: Option<Duration>) -> i128 {
        let mut login = example_login("felix", START);
        for _ in 0..failures {
            let failure = GrantFailure::NotNow { code: "slow_down".to_owned(), asked };
            login = login.after(&failure, START, &SystemRandom);
        }
        (login.failing.unwrap().not_before - START).whole_milliseconds()
    }

    #[test]
    fn pauses_grow_to_a_minute_and_a_quarter() {
        for (failures, seconds) in [(1, 1), (2, 2), (5, 16), (7, 60), (10_000, 60)] {
            let quiet = quiet_after(failures, None);
            assert!((seconds * 1_000..=seconds * 1_250).contains(&quiet), "{failures}: {quiet}");
        }
    }

    #[test]
    fn what_the_provider_asks_for_is_kept_to_up_to_an_hour() {
        let (minutes, years) = (Duration::from_mins(5), Duration::from_hours(100_000));
        assert!(quiet_after(1, Some(minutes)) >= 300_000);
        assert!((3_600_000..=4_500_000).contains(&quiet_after(1, Some(years))));
        assert!(quiet_after(7, Some(Duration::from_secs(1))) >= 60_000, "less than our own pause");
    }

    #[test]
    fn who_asks_meanwhile_is_told_what_happened() {
        let login = example_login("felix", START).after(&GrantFailure::NotSent, START, &SystemRandom);
        assert!(matches!(login.failing(START), Some(GrantFailure::NotSent)));
        assert!(login.failing(START + LONGEST_PAUSE).is_none());
    }

    #[test]
    fn what_does_not_speak_of_the_provider_leaves_the_login_as_it_is() {
        for failure in [GrantFailure::Ambiguous, GrantFailure::InvalidGrant] {
            assert_eq!(example_login("felix", START).after(&failure, START, &SystemRandom).failing, None);
        }
    }
}
