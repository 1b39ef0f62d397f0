//! The `Retry-After` header (RFC 9110, 10.2.3).

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;
use time::OffsetDateTime;

/// A delay, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// This long after the answer.
    Span(Duration),
    /// Until this time of the server's clock.
    Moment(OffsetDateTime),
}

impl RetryAfter {
    /// From the header's value; none when it is neither.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        if let Ok(seconds) = value.parse() {
            return Some(Self::Span(Duration::from_secs(seconds)));
        }
        let moment: HttpDate = value.parse().ok()?;
        Some(Self::Moment(OffsetDateTime::from(SystemTime::from(moment))))
    }

    /// How long to wait from now on.
    #[must_use]
    pub fn from_now(self, now: OffsetDateTime) -> Duration {
        match self {
            Self::Span(span) => span,
            Self::Moment(moment) => {
                let seconds = moment.unix_timestamp().saturating_sub(now.unix_timestamp());
                Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_and_a_moment_are_read_and_nothing_else() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::MINUTE;
        let wait = |value: &str| RetryAfter::parse(value).map(|wait| wait.from_now(now).as_secs());
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Thu, 01 Jan 1970 00:02:00 GMT"), Some(60));
        assert_eq!(wait("Thu, 01 Jan 1970 00:00:30 GMT"), Some(0));
        for nonsense in ["", "-1", "soon", "99999999999999999999999"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
