//! Many identity providers end a person's whole session with one revoked token, and with it every other login of that person at the same
//! client. So a token is revoked only when no such login is kept any more, of whichever user and at whichever cluster.

use super::Revoker;
use super::outbox::{Revocation, RevocationKey};
use crate::backend::logins::{LoginKey, LoginState, RecordError};

impl Revoker {
    /// Whether another login may end with this token: one that is kept.
    pub(super) async fn would_end_another(
        &self,
        key: &RevocationKey,
        revocation: &Revocation,
    ) -> Result<bool, RecordError> {
        Ok(self.ends_one_of_the_user(key, revocation).await?
            || self.ends_one_in_the_index(revocation).await?)
    }

    /// Those of the user are known by their names, also where an older binary has not noted them.
    async fn ends_one_of_the_user(
        &self,
        key: &RevocationKey,
        revocation: &Revocation,
    ) -> Result<bool, RecordError> {
        let of_client = self.clusters.iter().filter(|cluster| {
            let oidc = &cluster.settings.oidc;
            oidc.issuer == revocation.issuer && oidc.client_id == revocation.client_id
        });
        for cluster in of_client {
            if self.is_ended_with(&key.login.at(cluster.name()), revocation).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn ends_one_in_the_index(&self, revocation: &Revocation) -> Result<bool, RecordError> {
        let Some(subject) = revocation.issued_to() else { return Ok(false) };
        let mut after = None;
        loop {
            let page = self.index.of_subject(&subject, after.as_ref()).await?;
            for login in &page {
                if self.is_ended_with(login, revocation).await? {
                    return Ok(true);
                }
            }
            let Some(last) = page.last() else { return Ok(false) };
            after = Some(last.clone());
        }
    }

    /// Not the login that held the token: that one is over. A record that does not open may be of any person, and is left to live.
    async fn is_ended_with(&self, login: &LoginKey, revocation: &Revocation) -> Result<bool, RecordError> {
        let stored = match self.logins.read(login).await {
            Ok(stored) => stored,
            Err(RecordError::Unreadable(_)) => return Ok(true),
            Err(error) => return Err(error),
        };
        Ok(stored.is_some_and(|stored| match stored.record.state {
            LoginState::Live(live) => {
                revocation.is_of(&live) && revocation.held_by.as_ref() != Some(&live.id)
            }
            LoginState::Ended(_) => false,
        }))
    }
}
