//! The part of a token response that a login keeps.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::empty_for_none;
use crate::backend::oidc::id_token::VerifiedIdToken;
use crate::backend::oidc::token_endpoint::access_token::AccessTokenClaims;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::protocol::WireSecret;
use crate::settings::cluster::ClusterToken;

/// What one token response brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenSet {
    /// What Kubernetes gets.
    pub id_token: WireSecret,
    /// When it was issued.
    #[serde(with = "time::serde::timestamp")]
    pub issued_at: OffsetDateTime,
    /// When the token that the cluster takes expires: this one, or the access token.
    #[serde(with = "time::serde::timestamp")]
    pub expires_at: OffsetDateTime,
    /// The access token, where one came. Older binaries know no record without one: an empty one stands for none.
    #[serde(with = "empty_for_none")]
    pub access_token: Option<WireSecret>,
    /// When it expires, where the identity provider said so.
    #[serde(with = "time::serde::timestamp::option")]
    pub access_token_expires_at: Option<OffsetDateTime>,
    /// The refresh token, where the identity provider gave one.
    pub refresh_token: Option<WireSecret>,
    /// When the login cannot be refreshed any more, where the identity provider said so. Older binaries do not keep it.
    #[serde(default, with = "time::serde::timestamp::option", skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<OffsetDateTime>,
}

impl TokenSet {
    /// The part of a token response that is kept. A lifetime that leads beyond the year 9999 is none that the provider knows.
    #[must_use]
    #[deny(clippy::arithmetic_side_effects)]
    pub fn new(
        verified: &VerifiedIdToken,
        tokens: &Tokens,
        takes: &ClusterToken,
        now: OffsetDateTime,
    ) -> Self {
        let ends = |life: Option<Duration>| now.checked_add(life?.try_into().ok()?);
        let access_token_says = || AccessTokenClaims::read(&tokens.access_token()?)?.expires_at();
        let expires_at = match takes {
            ClusterToken::Id => None,
            ClusterToken::Access { .. } => access_token_says().or_else(|| ends(tokens.expires_in())),
        };
        Self {
            id_token: verified.token().clone(),
            issued_at: now,
            expires_at: expires_at.unwrap_or_else(|| verified.expires_at()),
            access_token: tokens.access_token(),
            access_token_expires_at: ends(tokens.expires_in()),
            refresh_token: tokens.refresh_token(),
            refresh_expires_at: ends(tokens.refresh_expires_in()),
        }
    }
}

/// Whether an ID token still counts at a cluster, with a little time to get there: ten seconds, or a tenth of a short life.
#[must_use]
pub fn serves(tokens: &TokenSet, now: OffsetDateTime) -> bool {
    let margin = time::Duration::seconds(10).min((tokens.expires_at - tokens.issued_at) / 10);
    now + margin < tokens.expires_at
}
