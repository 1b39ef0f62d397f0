//! Why a provider was of no use, and what callers are told of it.

use super::published::Interrupted;
use crate::outbound::OutboundError;
use crate::problem::Problem;
use crate::protocol::Code;

/// Why the provider was of no use.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProviderError {
    /// It did not answer, or not in time.
    #[error("the identity provider {0}")]
    Unreachable(#[from] OutboundError),
    /// Its discovery document says something that cannot be.
    #[error("the identity provider's discovery document is not usable: {0}")]
    Unusable(String),
    /// There is no such document.
    #[error(
        "nothing is at {url} (status {status}): check OIDC_ISSUER_URL, which has to be the issuer, and OIDC_DISCOVERY_URL"
    )]
    NoDocument {
        /// What was asked.
        url: String,
        /// What came.
        status: u16,
    },
    /// It answered with an OAuth error (RFC 6749, 5.2), its code here.
    #[error("the identity provider refused with {0}")]
    Refused(String),
    /// Its token endpoint is in trouble, or has too much to do.
    #[error("the identity provider answered with status {status}")]
    NotNow {
        /// 429, or 500 and above.
        status: u16,
    },
    /// No assertion could be made for it.
    #[error("the client's key could not sign (OIDC_PRIVATE_KEY_FILE)")]
    NotSigned,
    /// What answered, with this status, is no OAuth server: a firewall or a proxy before it.
    #[error("an answer with status {0} came that is not the identity provider's")]
    NotTheProvider(u16),
}

impl ProviderError {
    /// Whether nothing came.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        use OutboundError::{AnswerLost, NotConnected, TimedOut};
        matches!(self, Self::Unreachable(NotConnected(_) | AnswerLost(_) | TimedOut))
    }
}

impl From<Interrupted> for ProviderError {
    fn from(interrupted: Interrupted) -> Self {
        Self::Unreachable(interrupted.into())
    }
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        tracing::warn!(%error, "the identity provider was of no use");
        match error {
            ProviderError::Refused(code) => not_accepted(&code),
            ProviderError::NotSigned => Problem::new(
                Code::IdpRefused,
                "This backend could not show the identity provider that it is itself: tell the operator (OIDC_PRIVATE_KEY_FILE).",
            ),
            ProviderError::NotTheProvider(status) => Problem::new(
                Code::IdpUnreachable,
                format!(
                    "Something before the identity provider answered in its place (status {status}): try again in a moment, or tell the operator (a firewall or a proxy)."
                ),
            ),
            ProviderError::NoDocument { status, .. } => Problem::new(
                Code::IdpRefused,
                format!(
                    "The identity provider has no discovery document where the settings say (status {status}): tell the operator (OIDC_ISSUER_URL, OIDC_DISCOVERY_URL)."
                ),
            ),
            ProviderError::Unusable(_)
            | ProviderError::Unreachable(OutboundError::TooLarge | OutboundError::NotJson) => Problem::new(
                Code::IdpRefused,
                "The identity provider answered something that cannot be used: tell the operator (OIDC_ISSUER_URL).",
            ),
            ProviderError::NotNow { .. } | ProviderError::Unreachable(_) => Problem::new(
                Code::IdpUnreachable,
                "The identity provider cannot be reached: try again in a moment, or tell the operator (OIDC_ISSUER_URL).",
            ),
        }
    }
}

/// What is said of a login that the provider refused with this code.
#[must_use]
pub fn not_accepted(code: &str) -> Problem {
    Problem::new(
        Code::IdpRefused,
        format!(
            "The identity provider did not accept the login ({code}): begin it again, and tell the operator if it happens twice."
        ),
    )
}

/// An error code of the provider's, cut to what RFC 6749, 5.2 allows, for logs and messages.
#[must_use]
pub fn printable(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(64).collect()
}
