//! Errors on the wire: Backstage's own shape, and the stable codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The stable error codes, the same in browser, terminal, log and docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request cannot be understood.
    BadRequest,
    /// The state is not the session's.
    StateMismatch,
    /// No such cluster in the configuration.
    UnknownCluster,
    /// `returnTo` leads outside Backstage.
    ReturnToNotAllowed,
    /// The request has no credential.
    NotSignedIn,
    /// The credential is not accepted.
    TokenInvalid,
    /// No session has this token.
    SessionUnknown,
    /// The session's time is over.
    SessionExpired,
    /// The login belongs to another user.
    IdentityMismatch,
    /// The ID token failed a check of OIDC Core 3.1.3.7.
    IdTokenRejected,
    /// The calling plugin is not configured as trusted.
    PluginNotTrusted,
    /// The caller may not do this.
    NotAllowed,
    /// The person or the identity provider said no.
    AccessDenied,
    /// No login for this cluster.
    NotConnected,
    /// No such path.
    NotFound,
    /// The path does not answer to this method.
    MethodNotAllowed,
    /// The session was cancelled, by its user or for newer ones.
    Cancelled,
    /// The session already has its outcome.
    SessionFinished,
    /// The same code is being redeemed right now.
    ExchangeInProgress,
    /// The outcome of the exchange is unknown and stays so.
    ExchangeLost,
    /// The body is larger than this call takes.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// Too many at once or in a row.
    RateLimited,
    /// The identity provider answered, but not with tokens.
    IdpRefused,
    /// The identity provider cannot be reached.
    IdpUnreachable,
    /// The Kubernetes API cannot be reached.
    ClusterUnreachable,
    /// The store cannot be reached.
    StoreUnavailable,
    /// A stored record cannot be opened with the configured keys.
    RecordUnreadable,
    /// Something behind the backend took too long.
    Timeout,
    /// A fault of the program.
    InternalError,
}

impl Code {
    /// The code as it is written on the wire and in the docs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::StateMismatch => "state_mismatch",
            Self::UnknownCluster => "unknown_cluster",
            Self::ReturnToNotAllowed => "return_to_not_allowed",
            Self::NotSignedIn => "not_signed_in",
            Self::TokenInvalid => "token_invalid",
            Self::SessionUnknown => "session_unknown",
            Self::SessionExpired => "session_expired",
            Self::IdentityMismatch => "identity_mismatch",
            Self::IdTokenRejected => "id_token_rejected",
            Self::PluginNotTrusted => "plugin_not_trusted",
            Self::NotAllowed => "not_allowed",
            Self::AccessDenied => "access_denied",
            Self::NotConnected => "not_connected",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Cancelled => "cancelled",
            Self::SessionFinished => "session_finished",
            Self::ExchangeInProgress => "exchange_in_progress",
            Self::ExchangeLost => "exchange_lost",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::IdpRefused => "idp_refused",
            Self::IdpUnreachable => "idp_unreachable",
            Self::ClusterUnreachable => "cluster_unreachable",
            Self::StoreUnavailable => "store_unavailable",
            Self::RecordUnreadable => "record_unreadable",
            Self::Timeout => "timeout",
            Self::InternalError => "internal_error",
        }
    }
}

/// An error as Backstage's `ResponseError` reads it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
    /// The HTTP status again.
    pub response: ErrorResponse,
}

/// What went wrong.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Backstage's error class, such as `AuthenticationError`.
    pub name: String,
    /// One sentence: what happened and what to do next.
    pub message: String,
    /// The stable code.
    pub code: Code,
}

/// The HTTP status again, inside the body.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status_code: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_the_same_in_json_and_in_text() {
        for code in [Code::BadRequest, Code::ReturnToNotAllowed, Code::UnsupportedMediaType, Code::IdpRefused]
        {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
