//! Moments and counts as the file has them.

use std::time::Duration;

use time::OffsetDateTime;

use crate::store::StoreError;

/// A moment as the file has it: microseconds since 1970.
pub(super) fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The moment of such a number; none where no calendar has it.
pub(super) fn moment(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

/// When a time to live that begins now ends; saturates.
pub(super) fn end(now: i64, ttl: Duration) -> i64 {
    now.saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX))
}

/// As many as a page may have, as SQLite counts them.
pub(super) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn in_calendar(micros: i64) -> Result<OffsetDateTime, StoreError> {
    moment(micros).ok_or_else(|| StoreError::of_file("a moment in an index is out of range"))
}
