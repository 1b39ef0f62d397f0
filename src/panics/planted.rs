//! Panics that tests plant: a debug build panics once at the place that `PLANTED_PANIC` names. A release build has none.

/// Where a panic can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In any request.
    Request,
    /// In a route's handler.
    Route,
    /// In an exchange, once the code is spent.
    Exchange,
    /// In a refresh: its lock is held and its intent written, and the token not spent yet.
    Refresh,
    /// In a refresh, or in the proof of a refresh token that was brought, while the new tokens are verified.
    Verification,
    /// In a logout that holds the login's lock.
    Forget,
}

/// Panics the first time that the process reaches the place that a test has asked for.
///
/// # Panics
/// On purpose.
#[cfg(debug_assertions)]
pub fn here(place: Place) {
    use std::sync::atomic::{AtomicBool, Ordering};
    static HAS_HAPPENED: AtomicBool = AtomicBool::new(false);
    let planted = std::env::var("PLANTED_PANIC").ok();
    if planted.is_some_and(|name| name.eq_ignore_ascii_case(&format!("{place:?}")))
        && !HAS_HAPPENED.swap(true, Ordering::Relaxed)
    {
        let secret = std::env::var("PLANTED_SECRET").unwrap_or_default();
        panic!("planted, with {secret}");
    }
}

/// Nothing is planted in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn here(_: Place) {}
