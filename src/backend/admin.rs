//! `admin list` and `admin revoke`: which logins are kept, and the end of those of one user. Run where the backend's settings
//! are; it reads and writes the same store, and listens nowhere.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;

use super::app::{App, ClientTls};
use super::disconnect::{Disconnected, disconnect};
use super::login_record::{LoginKey, RecordError};
use super::{StartError, login_index, status};
use crate::outbound::UnusableRoots;
use crate::protocol::Code;
use crate::settings::backend::{BackendSettings, StoreSettings};
use crate::store::StoreError;
use crate::telemetry::AUDIT;
use crate::user::UserRef;

mod table;

/// More logins than the index is asked for at once: beyond what one Redis is meant for.
const ALL: usize = 1_000_000;

/// Why a command did not do all that was asked.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The store is in the backend's own process.
    #[error("There is nothing to administer from another process: set REDIS_URL to the backend's.")]
    InProcess,
    /// The settings are of no use.
    #[error("{0}.")]
    Start(#[from] StartError),
    /// The index of logins cannot be read.
    #[error("{0}.")]
    Store(#[from] StoreError),
    /// Some logins are still there.
    #[error("{0} of the logins could not be ended, see above: mend the cause and run this again.")]
    NotAll(usize),
    /// Nobody reads the output.
    #[error("The output could not be written ({0}): run this again.")]
    Output(#[from] std::io::Error),
    /// What was found cannot be written as JSON.
    #[error("The output could not be written as JSON ({0}): report this as a fault.")]
    Json(#[from] serde_json::Error),
}

impl From<UnusableRoots> for AdminError {
    fn from(error: UnusableRoots) -> Self {
        Self::Start(error.into())
    }
}

impl AdminError {
    /// The exit code that `protocol.md` gives to this end.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::InProcess => 2,
            Self::Start(_) | Self::Store(_) | Self::NotAll(_) | Self::Output(_) | Self::Json(_) => 1,
        }
    }
}

/// How logins are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table,
    /// For programs: one object a line.
    JsonLines,
}

/// A login that is kept, or what is left of one; no token.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptLogin {
    /// Whose.
    pub user: String,
    /// At which cluster.
    pub cluster: String,
    /// Whether it still serves.
    pub connected: bool,
    /// Why not: as `GET /status` says, or `record_unreadable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The `sub` of the ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When the ID token expires.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, an hour late at most.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub last_used: Option<OffsetDateTime>,
}

/// The backend without its listeners.
pub struct Admin {
    app: Arc<App>,
}

impl Admin {
    /// Checks the settings; asks nobody yet.
    ///
    /// # Errors
    /// As the variants of [`AdminError`] say.
    pub fn new(settings: BackendSettings) -> Result<Self, AdminError> {
        if matches!(settings.store, StoreSettings::InProcess) {
            return Err(AdminError::InProcess);
        }
        let clients = ClientTls::load(&settings)?.clients(&settings);
        let (app, jobs) = super::assemble(settings)?;
        jobs.run_here(clients);
        Ok(Self { app: Arc::new(app) })
    }

    /// Writes which logins are kept, by user and cluster.
    ///
    /// # Errors
    /// When the store does not answer, or the output cannot be written.
    pub async fn list(
        &self,
        user: Option<&UserRef>,
        form: Form,
        out: &mut dyn Write,
    ) -> Result<(), AdminError> {
        let mut logins = Vec::new();
        for key in self.keys(user).await? {
            logins.extend(self.look_at(&key).await?);
        }
        match form {
            Form::Table => table::write(&logins, out)?,
            Form::JsonLines => {
                for login in &logins {
                    writeln!(out, "{}", serde_json::to_string(login)?)?;
                }
            }
        }
        Ok(())
    }

    /// Ends a user's logins, at all clusters or at one, and writes how each ended. A failure does not keep the others.
    ///
    /// # Errors
    /// As the variants of [`AdminError`] say; what was written until then is done.
    pub async fn revoke(
        &self,
        user: &UserRef,
        cluster: Option<&str>,
        out: &mut dyn Write,
    ) -> Result<(), AdminError> {
        let keys = match cluster {
            Some(cluster) => BTreeSet::from([LoginKey::new(user, cluster)]),
            None => self.keys(Some(user)).await?,
        };
        let (mut ended, mut failed) = (0_usize, 0_usize);
        for key in keys {
            match self.end(user, &key).await {
                End::NotThere => {}
                End::Done(how) => {
                    ended += 1;
                    writeln!(out, "{user} at {}: {how}.", key.cluster())?;
                }
                End::Failed(why) => {
                    failed += 1;
                    writeln!(out, "{user} at {}: not ended. {why}", key.cluster())?;
                }
            }
        }
        match (ended, failed) {
            (0, 0) => Ok(writeln!(out, "{user} has no login here: there is nothing to revoke.")?),
            (_, 0) => Ok(()),
            _ => Err(AdminError::NotAll(failed)),
        }
    }

    /// The logins that the index knows; of one user, also those at configured clusters that it does not know.
    async fn keys(&self, user: Option<&UserRef>) -> Result<BTreeSet<LoginKey>, AdminError> {
        // Whatever was noted by a clock ahead of ours is listed, too.
        let until = self.app.clock.now() + time::Duration::days(1);
        let members = login_index::last_used_until(&self.app, until, ALL).await?;
        let noted = members.iter().filter_map(|member| LoginKey::of_member(member));
        let asked_for = noted.filter(|(owner, _)| user.is_none_or(|user| user == owner)).map(|(_, key)| key);
        let mut keys: BTreeSet<_> = asked_for.collect();
        if let Some(user) = user {
            keys.extend(self.app.settings.clusters.keys().map(|cluster| LoginKey::new(user, cluster)));
        }
        Ok(keys)
    }

    /// `None` where the index knows a login that is gone.
    async fn look_at(&self, key: &LoginKey) -> Result<Option<KeptLogin>, AdminError> {
        let nothing = status::unconnected(key.cluster(), key.cluster());
        let status = match self.app.logins().read(key).await {
            Ok(None) => return Ok(None),
            Ok(Some(stored)) => status::of_state(stored.record.state, self.app.clock.now(), nothing),
            Err(RecordError::Store(error)) => return Err(error.into()),
            Err(RecordError::Unreadable(_) | RecordError::NotSealed(_)) => crate::protocol::ClusterStatus {
                reason: Some(Code::RecordUnreadable.as_str().to_owned()),
                ..nothing
            },
        };
        let last_used = login_index::last_use(&self.app, key).await?;
        Ok(Some(KeptLogin {
            user: key.user().to_owned(),
            cluster: status.name,
            connected: status.connected,
            reason: status.reason,
            subject: status.subject,
            expires_at: status.expires_at,
            last_used: last_used.and_then(|at| at.replace_nanosecond(0).ok()),
        }))
    }

    async fn end(&self, user: &UserRef, key: &LoginKey) -> End {
        if !self.app.settings.clusters.contains_key(key.cluster()) {
            return End::Failed(
                "That cluster is not configured here: configure it, or revoke the login at its identity provider."
                    .to_owned(),
            );
        }
        let how = match disconnect(&self.app, user, key.cluster()).await {
            Ok(Disconnected::NotConnected) => return End::NotThere,
            Ok(Disconnected::Revoked) => "revoked and forgotten",
            Ok(Disconnected::RevocationPending) => {
                "forgotten; the identity provider has not confirmed the revocation, a running backend goes on trying"
            }
            Err(problem) => return End::Failed(problem.message().to_owned()),
        };
        tracing::info!(target: AUDIT, user = key.user(), cluster = key.cluster(), outcome = "revoked_by_admin", "login ended");
        End::Done(how)
    }
}

/// How one login ended.
enum End {
    NotThere,
    Done(&'static str),
    Failed(String),
}
