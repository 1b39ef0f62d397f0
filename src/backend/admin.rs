//! The `admin` commands: which logins are kept, the end of those of one user, the end of old keys, and the way from a file to Redis. Run
//! where the backend's settings are; they read and write the same store, and listen nowhere.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use futures_util::future::join;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::assembly::client_tls::ClientTls;
use super::assembly::{Foundations, Services, StoreUse, assemble};
use super::logins::{LoginKey, RecordError, get_status};
use super::logout::Disconnected;
use super::oidc::revocation_request::silence::WhileSilent;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::settings::backend::{BackendSettings, StoreSettings};
use crate::telemetry::AUDIT;

mod admin_error;
mod kept_login;
mod listing;
mod moving;
mod reseal;
mod table;

pub use self::admin_error::AdminError;
use self::kept_login::KeptLogin;
pub use self::listing::Form;
use self::listing::Listing;
pub use self::moving::{Imported, export, import};

/// How many records are asked for at once.
const READ_AT_ONCE: usize = 64;

const NOT_CONFIGURED: &str =
    "That cluster is not configured here: configure it, or revoke the login at its identity provider.";

/// The backend without its listeners.
pub struct Admin {
    services: Services,
}

impl Admin {
    /// Checks the settings; sends nothing yet.
    ///
    /// # Errors
    /// As the variants of [`AdminError`] say.
    pub fn new(settings: &BackendSettings) -> Result<Self, AdminError> {
        if matches!(settings.store, StoreSettings::InProcess) {
            return Err(AdminError::InProcess);
        }
        let foundations = Foundations::new(settings, StoreUse::Administer)?;
        let tls = ClientTls::load(settings, &foundations.files)?;
        let (services, jobs) = assemble(settings, foundations, &tls);
        jobs.run_here();
        Ok(Self { services })
    }

    /// Writes which logins are kept, by user and cluster, a page at a time: however many there are, no more than a page is held.
    ///
    /// # Errors
    /// When the store does not answer, or the output cannot be written.
    pub async fn list(
        &self,
        user: Option<&UserRef>,
        form: Form,
        out: &mut dyn Write,
    ) -> Result<(), AdminError> {
        let mut listing = Listing::new(form);
        match user {
            Some(user) => listing.page(&self.look_at_all(self.keys(user).await?).await?, out)?,
            None => self.list_everybodys(&mut listing, out).await?,
        }
        Ok(listing.end(out)?)
    }

    async fn list_everybodys(&self, listing: &mut Listing, out: &mut dyn Write) -> Result<(), AdminError> {
        self.services.index.complete_users().await?;
        let mut after = None;
        loop {
            let members = self.services.index.page_of_users(None, after.as_deref()).await?;
            let keys = members.iter().filter_map(|member| LoginKey::of_member(member)).map(|(_, key)| key);
            listing.page(&self.look_at_all(keys).await?, out)?;
            after = members.last().cloned();
            if after.is_none() {
                return Ok(());
            }
        }
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
            None => self.keys(user).await?,
        };
        let (mut ended, mut failed) = (0_usize, 0_usize);
        for (key, end) in self.end_all(user, keys).await {
            match end {
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

    /// The logins of a user that the index knows, and those at configured clusters that it does not know.
    async fn keys(&self, user: &UserRef) -> Result<BTreeSet<LoginKey>, AdminError> {
        self.services.index.complete_users().await?;
        let clusters = self.services.clusters.iter();
        let mut keys: BTreeSet<_> = clusters.map(|cluster| LoginKey::new(user, cluster.name())).collect();
        let mut after = None;
        loop {
            let members = self.services.index.page_of_users(Some(user), after.as_deref()).await?;
            keys.extend(members.iter().filter_map(|member| LoginKey::of_member(member)).map(|(_, key)| key));
            after = members.last().cloned();
            if after.is_none() {
                return Ok(keys);
            }
        }
    }

    async fn look_at_all(
        &self,
        keys: impl IntoIterator<Item = LoginKey>,
    ) -> Result<Vec<KeptLogin>, AdminError> {
        let looks = stream::iter(keys).map(async |key| self.look_at(&key).await);
        let found: Vec<Option<KeptLogin>> = looks.buffered(READ_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// `None` where the index knows a login that is gone.
    async fn look_at(&self, key: &LoginKey) -> Result<Option<KeptLogin>, AdminError> {
        let nothing = get_status::unconnected(key.cluster(), key.cluster());
        let (logins, index) = (&self.services.logins, &self.services.index);
        let (read, last_used) = join(logins.read(key), index.last_use(key)).await;
        let last_used = last_used?;
        let status = match read {
            Ok(None) => {
                // What an older version forgot, which knows the index by moment only.
                if last_used.is_none() {
                    index.take_out_of_users(key).await?;
                }
                return Ok(None);
            }
            Ok(Some(stored)) => get_status::of_record(stored.record, self.services.clock.now(), nothing),
            Err(RecordError::Store(error)) => return Err(error.into()),
            Err(RecordError::Unreadable(_) | RecordError::NotSealed(_)) => get_status::unreadable(nothing),
        };
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

    /// All of them at once, so that each is revoked: see [`Logout::log_out_of_all`].
    async fn end_all(&self, user: &UserRef, keys: BTreeSet<LoginKey>) -> Vec<(LoginKey, End)> {
        let (mut known, mut ends) = (Vec::new(), Vec::new());
        for key in keys {
            match self.services.clusters.get(key.cluster()) {
                Ok(cluster) => known.push((key, Arc::clone(cluster))),
                Err(_) => ends.push((key, End::Failed(NOT_CONFIGURED.to_owned()))),
            }
        }
        let (keys, clusters): (Vec<_>, Vec<_>) = known.into_iter().unzip();
        let outcomes = self.services.logout.log_out_of_all(user, &clusters, WhileSilent::Ask).await;
        ends.extend(keys.into_iter().zip(outcomes).map(|(key, outcome)| {
            let end = End::of(outcome);
            if let End::Done(_) = end {
                tracing::info!(target: AUDIT, user = key.user(), cluster = key.cluster(), outcome = "revoked_by_admin", "login ended");
            }
            (key, end)
        }));
        ends.sort_by(|(one, _), (other, _)| one.cmp(other));
        ends
    }
}

/// How one login ended.
enum End {
    NotThere,
    Done(&'static str),
    Failed(String),
}

impl End {
    fn of(outcome: Result<Disconnected, Problem>) -> Self {
        match outcome {
            Ok(Disconnected::NotConnected) => Self::NotThere,
            Ok(Disconnected::Revoked) => Self::Done("revoked and forgotten"),
            Ok(Disconnected::LivesOn { .. }) => Self::Done(
                "forgotten here; the identity provider offers no revocation, so that its refresh token lives on there: end the person's sessions there",
            ),
            Ok(Disconnected::RevocationPending) => Self::Done(
                "forgotten; the identity provider has not confirmed the revocation, a running backend goes on trying",
            ),
            Err(problem) => Self::Failed(problem.message().to_owned()),
        }
    }
}
