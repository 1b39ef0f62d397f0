//! From what can go wrong below to what the caller is told.

use crate::panics::Panicked;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::random::NoRandomness;
use crate::store::StoreError;
use crate::store::sealing::{NotSealed, Unreadable};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Problem::new(
            Code::StoreUnavailable,
            "The backend cannot reach its store: try again in a moment, or tell its operator.",
        )
    }
}

impl From<Unreadable> for Problem {
    fn from(error: Unreadable) -> Self {
        tracing::error!(%error, "a record cannot be opened");
        Problem::new(
            Code::RecordUnreadable,
            "What is stored cannot be opened with the configured keys: tell the operator to restore the key in TOKEN_ENCRYPTION_KEYS. Nothing was deleted.",
        )
    }
}

impl From<NotSealed> for Problem {
    fn from(error: NotSealed) -> Self {
        tracing::error!(%error, "a record cannot be sealed");
        Problem::new(
            Code::StoreUnavailable,
            "The backend cannot seal what it should store: tell its operator.",
        )
    }
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        tracing::error!(%error, "no randomness");
        Problem::new(Code::StoreUnavailable, "The backend's machine gives no randomness: tell its operator.")
    }
}

impl From<Panicked> for Problem {
    /// The log has been told where.
    fn from(_: Panicked) -> Self {
        Problem::new(
            Code::InternalError,
            "A fault of the backend ended this request, and nothing else: try again, and tell its operator, whose log says where it happened.",
        )
    }
}
