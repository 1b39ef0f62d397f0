//! Faults that tests plant: a debug build panics once at the place that `PLANTED_PANIC` names. A release build has none of it.

/// Where a panic can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a request, whichever it is.
    Request,
    /// In what a path does.
    Route,
    /// In an exchange, once the code is spent.
    Exchange,
    /// In a refresh: its lock is held and its intent written, and the token not spent yet.
    Refresh,
    /// In a refresh whose new tokens have come and are looked at.
    Verification,
    /// In the end of a login, whose lock is held.
    Forget,
}

/// Panics where a test has asked for it, the first time that the process comes by.
///
/// # Panics
/// That is what it is for.
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
