//! From what can go wrong below to what the caller is told.

use std::time::Duration;

use crate::backend::logins::RecordError;
use crate::backend::oidc::ProviderError;
use crate::backend::stopping::TooLate;
use crate::outbound::OutboundError;
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

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Unreadable(error) => error.into(),
            RecordError::NotSealed(error) => error.into(),
        }
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

impl From<TooLate> for Problem {
    fn from(_: TooLate) -> Self {
        Problem::new(
            Code::StoreUnavailable,
            "This backend is being stopped and begins nothing that it may not finish; nothing was changed: try again in a moment.",
        )
        .retry_after(Duration::from_secs(1))
    }
}

fn not_accepted(code: &str) -> Problem {
    Problem::new(
        Code::IdpRefused,
        format!(
            "The identity provider did not accept the login ({code}): begin it again, and tell the operator if it happens twice."
        ),
    )
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        tracing::warn!(%error, "the identity provider was of no use");
        match error {
            ProviderError::Refused(code) => not_accepted(&code),
            ProviderError::NotNow { status, .. } => not_accepted(&format!("status {status}")),
            ProviderError::Garbage
            | ProviderError::Unusable(_)
            | ProviderError::Unreachable(OutboundError::TooLarge | OutboundError::NotJson) => Problem::new(
                Code::IdpRefused,
                "The identity provider answered something that cannot be used: tell the operator (OIDC_ISSUER_URL).",
            ),
            ProviderError::Unreachable(_) => Problem::new(
                Code::IdpUnreachable,
                "The identity provider cannot be reached: try again in a moment, or tell the operator (OIDC_ISSUER_URL).",
            ),
        }
    }
}
