//! What a refresh that brought no tokens leaves in the login's record.

use super::grant::GrantFailure;
use super::{RefreshError, Refresher};
use crate::backend::logins::{
    EndReason, Intent, LiveLogin, LoginKey, LoginRecord, LoginState, Stored, TokenSet,
};
use crate::store::lock::Lock;

impl Refresher<'_> {
    /// Writes down what a failure means for the next refresh, or for the login.
    pub(in crate::backend) async fn fail(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: Stored,
        live: LiveLogin,
        failure: GrantFailure,
    ) -> Result<TokenSet, RefreshError> {
        match failure {
            // This time the token was not spent: the intent is what it was before, and comes back only after a while.
            GrantFailure::NotSent | GrantFailure::NotNow { .. } => {
                let live = self.after(live, &failure);
                self.put_off(lock, key, &stored, live, failure).await
            }
            // The intent stays, and says so to the next refresh, which comes only after a while.
            GrantFailure::Ambiguous => {
                let intending = LiveLogin { intent: intent_of(&stored), ..live };
                let live = self.after(intending, &failure);
                self.put_off(lock, key, &stored, live, failure).await
            }
            // Its successor exists only here, and an ID token that is not verified is never used. The version stays: there is no new set.
            GrantFailure::Unproven { ref refresh_token, .. } => {
                let mut live = self.after(live, &failure);
                live.intent = None;
                live.tokens.refresh_token = refresh_token.clone().or(live.tokens.refresh_token);
                let version = stored.record.version;
                self.keep(lock, key, stored, version, live).await?;
                Err(failure.into())
            }
            GrantFailure::InvalidGrant => {
                // With an intent from before, it may be that one that has spent the token.
                let reason =
                    if live.intent.is_some() { EndReason::RefreshLost } else { EndReason::RefreshRefused };
                Err(self.end(lock, key, &stored, reason, None).await)
            }
            GrantFailure::NotTheLogins { ref tokens, ref reason } => {
                tracing::warn!(
                    user = key.user(),
                    cluster = key.cluster(),
                    reason,
                    "refreshed tokens were refused"
                );
                self.grant.revoke(&live, tokens).await;
                let detail = Some(reason.clone());
                Err(self.end(lock, key, &stored, EndReason::IdentityChanged, detail).await)
            }
        }
    }

    /// Writes down that the next refresh is to wait; the version stays, since there is no new set.
    async fn put_off(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: &Stored,
        live: LiveLogin,
        failure: GrantFailure,
    ) -> Result<TokenSet, RefreshError> {
        let later = self.sealed(key, LoginRecord::live(stored.record.version, live))?;
        self.write(lock, key, stored, &later).await?;
        Err(failure.into())
    }

    /// The login as it is after one more failure.
    fn after(&self, live: LiveLogin, failure: &GrantFailure) -> LiveLogin {
        match failure.trouble() {
            Some((how, asked)) => live.after(how, asked, self.clock.now(), self.logins.random.as_ref()),
            None => live,
        }
    }

    /// The login is over; its record says why.
    pub(in crate::backend) async fn end(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        stored: &Stored,
        reason: EndReason,
        detail: Option<String>,
    ) -> RefreshError {
        let written = async {
            let state = LoginState::Ended(reason);
            let mut record = LoginRecord::new(stored.record.version + 1, state);
            record.detail = detail;
            let ended = self.sealed(key, record)?;
            self.write(lock, key, stored, &ended).await
        };
        written.await.map_or_else(|error| error, |()| RefreshError::NotConnected(Some(reason)))
    }
}

/// The intent that stands in a record.
fn intent_of(stored: &Stored) -> Option<Intent> {
    match &stored.record.state {
        LoginState::Live(live) => live.intent.clone(),
        LoginState::Ended(_) => None,
    }
}
