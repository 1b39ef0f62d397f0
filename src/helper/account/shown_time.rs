//! Times in sentences.

use time::{OffsetDateTime, UtcOffset};

/// To the minute and in UTC, so that users and admins see the same.
#[must_use]
pub fn utc(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    format!("{} {:02}:{:02} UTC", time.date(), time.hour(), time.minute())
}
