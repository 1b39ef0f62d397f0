//! How a refresh token is spent, and what may come of it instead of tokens.

use std::time::Duration;

use async_trait::async_trait;

use crate::backend::logins::backoff::Trouble;
use crate::backend::logins::{LiveLogin, TokenSet};
use crate::protocol::WireSecret;

/// Spends refresh tokens at an identity provider, and takes tokens back.
#[async_trait(?Send)]
pub trait RefreshGrant {
    /// Has at hand whatever a refresh needs: once a token is about to be spent, nothing but the request itself may be left to
    /// fail or to take its time.
    async fn ready(&self) -> Result<(), GrantFailure>;

    /// Spends a refresh token once, right away (RFC 6749, 6), and verifies what comes against the login.
    async fn refresh(&self, login: &LiveLogin, token: &WireSecret) -> Result<TokenSet, GrantFailure>;

    /// Revokes refreshed tokens that must not count any more and that the login does not take.
    async fn revoke(&self, login: &LiveLogin, tokens: &TokenSet);
}

/// What a spent refresh token brought instead of tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GrantFailure {
    /// The provider never heard of it.
    #[error("the identity provider was not reached")]
    NotSent,
    /// The token was not taken: a 429, `invalid_client`, a page of a firewall.
    #[error("the identity provider did not refresh ({code})")]
    NotNow {
        /// Its error code, or its status.
        code: String,
        /// For how long it asks to be left alone.
        asked: Option<Duration>,
    },
    /// It is not known whether it was taken.
    #[error("the identity provider's answer was lost")]
    Ambiguous,
    /// `invalid_grant`: the token is worth nothing any more.
    #[error("the identity provider takes the refresh token no more")]
    InvalidGrant,
    /// Tokens came without an ID token, or with one that cannot be verified: nothing says that they are not this login's.
    #[error("the identity provider's new ID token cannot be verified ({reason})")]
    Unproven {
        /// Why not.
        reason: String,
        /// The successor of the token that was spent, where one came; the refresh after this one proves to whom it belongs.
        refresh_token: Option<WireSecret>,
    },
    /// Tokens came, and they are not this login's.
    #[error("the identity provider's tokens are not this login's ({reason})")]
    NotTheLogins {
        /// Which check failed.
        reason: String,
        /// To be revoked.
        tokens: Box<TokenSet>,
    },
}

impl GrantFailure {
    /// What the login's record keeps of it, and for how long the provider asks to be left alone. A failure that says nothing of the
    /// provider, or ends the login, leaves nothing.
    pub(super) fn trouble(&self) -> Option<(Trouble, Option<Duration>)> {
        match self {
            Self::NotNow { code, asked } => Some((Trouble::Refused(code.clone()), *asked)),
            Self::Unproven { reason, .. } => Some((Trouble::Unproven(reason.clone()), None)),
            // The intent beside it says what is in doubt; older binaries know no other word.
            Self::NotSent | Self::Ambiguous => Some((Trouble::Unreachable, None)),
            Self::InvalidGrant | Self::NotTheLogins { .. } => None,
        }
    }
}

impl From<&Trouble> for GrantFailure {
    fn from(trouble: &Trouble) -> Self {
        match trouble {
            Trouble::Unreachable => Self::NotSent,
            Trouble::Refused(code) => Self::NotNow { code: code.clone(), asked: None },
            Trouble::Unproven(reason) => Self::Unproven { reason: reason.clone(), refresh_token: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_record_keeps_is_told_as_it_happened() {
        let refused = GrantFailure::NotNow { code: "slow_down".to_owned(), asked: None };
        let unproven = GrantFailure::Unproven { reason: "no key".to_owned(), refresh_token: None };
        for failure in [GrantFailure::NotSent, refused, unproven] {
            let (trouble, _) = failure.trouble().unwrap();
            assert_eq!(GrantFailure::from(&trouble).to_string(), failure.to_string());
        }
    }

    #[test]
    fn what_does_not_speak_of_the_provider_leaves_the_login_as_it_is() {
        assert_eq!(GrantFailure::InvalidGrant.trouble(), None);
    }
}
