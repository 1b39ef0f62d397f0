//! The sentence for a backend that cannot be reached.

use super::ApiError;
use crate::outbound::OutboundError;

/// What happened, and what to do next: what the network says where it says it, else where to look.
#[must_use]
pub fn sentence(backend: &str, reason: &ApiError) -> String {
    match reason {
        ApiError::NoAnswer(OutboundError::NotConnected(failure)) if failure.says_what_to_do() => {
            format!("There is no backend to be reached at {backend}: {failure}.")
        }
        reason => format!(
            "There is no backend to be reached at {backend} ({reason}): check BACKSTAGE_URL and your network."
        ),
    }
}
