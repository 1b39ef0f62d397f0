//! Time spans and numbers in settings.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Redis and timers count milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

/// More would be no limit. Adding it to the time of day does not overflow.
const LONGEST: Duration = Duration::from_hours(24 * 3_650);

/// A time span such as `30s` or `5m`; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let span = parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        if (SHORTEST..=LONGEST).contains(&span) {
            return Ok(Self(span));
        }
        Err(D::Error::custom("a time span must be from 1ms to 3650d"))
    }
}

/// A time span that may be zero: `0s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay(pub Duration);

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let span = parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        if span <= LONGEST {
            return Ok(Self(span));
        }
        Err(D::Error::custom("a time span must be at most 3650d"))
    }
}

/// A number that is not zero.
///
/// # Errors
/// When it is none.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroU32, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim().parse().map_err(|_| {
        D::Error::custom(format!("{text:?} is no number from 1 on: write it in digits, such as 30"))
    })
}

fn parse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|e| format!("not a time span like 30s or 5m: {e}"))
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    fn read(text: &str) -> Result<Span, Error> {
        Span::deserialize(StrDeserializer::new(text))
    }

    #[test]
    fn a_span_is_neither_zero_nor_endless() {
        assert_eq!(read("5m"), Ok(Span(Duration::from_mins(5))));
        assert_eq!(read("1ms"), Ok(Span(SHORTEST)));
        for text in ["0s", "0s 0ms", "999us", "3651d", "100000000y"] {
            assert!(read(text).unwrap_err().to_string().contains("from 1ms to 3650d"), "{text}");
        }
        assert!(read("soon").unwrap_err().to_string().contains("not a time span"));
    }

    #[test]
    fn what_is_no_number_is_refused_with_one_that_is() {
        let read = |text| number(StrDeserializer::<Error>::new(text)).map_err(|error| error.to_string());
        assert_eq!(read(" 30 "), Ok(NonZeroU32::new(30).unwrap()));
        for text in ["0", "-1", "many", "1.5"] {
            assert_eq!(
                read(text),
                Err(format!("{text:?} is no number from 1 on: write it in digits, such as 30"))
            );
        }
    }

    #[test]
    fn a_delay_may_be_none() {
        let read = |text| Delay::deserialize(StrDeserializer::<Error>::new(text));
        assert_eq!(read("0s"), Ok(Delay(Duration::ZERO)));
        assert!(read("3651d").is_err() && read("now").is_err());
    }
}
