//! What `admin list` tells of a login.

use serde::Serialize;
use time::OffsetDateTime;

/// A login that is kept, or what is left of one; no token.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptLogin {
    /// The user.
    pub(super) user: String,
    /// At which cluster.
    pub(super) cluster: String,
    /// Whether it still serves.
    pub(super) connected: bool,
    /// Why not, as `GET /status` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The `sub` of the ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    /// When the ID token expires.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub(super) expires_at: Option<OffsetDateTime>,
    /// When it was last used, an hour late at most.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub(super) last_used: Option<OffsetDateTime>,
}
