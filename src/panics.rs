//! A panic ends the request or the task that it happens in, and nothing else.
//!
//! Shared state stays usable: poisoned locks are taken anyway, as each change under a lock is a single step.

pub mod planted;

use std::panic::{AssertUnwindSafe, Location, PanicHookInfo};

use futures_util::FutureExt;
use prometheus::IntCounter;

/// Work ended in a panic, which the hook has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of the program has panicked")]
pub struct Panicked;

/// Turns a panic in `work` into an error.
///
/// # Errors
/// When it panicked.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}

/// From now on the log says where a panic happened. Its message is logged only when it is a fixed text of the source: a formatted
/// one may hold secrets.
pub fn log() {
    std::panic::set_hook(Box::new(report));
}

/// The same, and each one is counted.
pub fn log_and_count(panics: IntCounter) {
    std::panic::set_hook(Box::new(move |panic| {
        panics.inc();
        report(panic);
    }));
}

fn report(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(Location::to_string).unwrap_or_default();
    // A text without values is the only kind of payload that is `&'static str`.
    let text = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(left out)");
    tracing::error!(at, text, "a part of the program has panicked: report this as a fault of it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn work_that_panics_is_an_error_and_all_other_work_what_it_brings() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let panics: Result<(), _> = caught(async { panic!("planted") }).await;
        assert_eq!(panics, Err(Panicked));
    }
}
