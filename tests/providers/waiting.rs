//! Waiting for what no event tells of: a moment, and the state of a provider or of a login.

use std::time::{Duration, Instant};

use time::OffsetDateTime;

/// Neither a provider nor the backend says by itself that something has changed. Asked without a pause, they would be busy with that.
const PAUSE: Duration = Duration::from_millis(250);

/// Looks again and again, until there is what is looked for; panics with the last reason why not.
pub fn until<T>(within: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + within;
    loop {
        match look() {
            Ok(found) => return found,
            Err(why_not) => assert!(Instant::now() < deadline, "{why_not}"),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Waits for that second, which comes by itself.
pub fn until_second(seconds: i64) {
    let then = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let left = then - OffsetDateTime::now_utc();
    std::thread::sleep(Duration::try_from(left).unwrap_or_default());
}
