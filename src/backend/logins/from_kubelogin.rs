//! The logins that kubelogin has on this machine (`KUBELOGIN_CACHE_DIR`), for a user without one here. They are read and verified anew for
//! each use and kept nowhere: kubelogin refreshes and ends them. Their refresh tokens are not looked at.
//!
//! Where the identity rule asks Backstage's catalog, that is asked with the user's own token, as when a login begins. Here none begins: so it
//! is asked when the user calls, and what it says is kept in memory for the plugins that act for them: their tokens open no catalog.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt::task::spawn_blocking;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::catalog_entity::Catalog;
use super::token_set::{TokenSet, serves};
use crate::backend::inbound::caller::{Caller, OnBehalf, UserOrOnBehalf};
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::id_token::Origin;
use crate::backend::oidc::identity_rule::{self, CatalogSaid, Owner};
use crate::backend::oidc::provider_error::ProviderError;
use crate::backend::oidc::verification::{Parties, Unacceptable};
use crate::backstage_names::UserRef;
use crate::outbound::http_client::HttpClient;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
use crate::settings::backend::BackendSettings;
use crate::settings::cluster::{ClusterToken, IdentityRule, KubeloginUser};
use crate::store::kubelogin_cache::{Client, KubeloginCache};

/// How long the catalog is not asked again while its user calls.
const CATALOG_STANDS: time::Duration = time::Duration::minutes(5);

/// How many of the client's logins are tried: one person has several, as with other scopes or another organization.
const TRIED: usize = 8;

/// How long a request waits for the folder: a local one is read in milliseconds.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// A login of kubelogin's, verified now.
pub struct KubeloginsLogin {
    /// Its ID token; no other.
    pub tokens: TokenSet,
    /// `sub`.
    pub subject: String,
    /// The e-mail address, where it is known.
    pub email: Option<String>,
}

/// The user that a login is looked for.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    /// The user.
    pub user: &'a UserRef,
    /// The same, where they call themselves.
    own: Option<&'a Caller>,
}

impl<'a> Asker<'a> {
    /// The user that a plugin acts for.
    #[must_use]
    pub fn on_behalf(caller: &'a OnBehalf) -> Self {
        Self { user: &caller.user, own: None }
    }
}

impl<'a> From<&'a UserOrOnBehalf> for Asker<'a> {
    fn from(caller: &'a UserOrOnBehalf) -> Self {
        match caller {
            UserOrOnBehalf::User(own) => Self { user: &own.user, own: Some(own) },
            UserOrOnBehalf::OnBehalf(caller) => Self::on_behalf(caller),
        }
    }
}

/// What the catalog has said, and when.
#[derive(Clone)]
struct Said {
    said: CatalogSaid,
    at: OffsetDateTime,
}

/// The logins of the one user of the kubelogin on this machine.
pub struct KubeloginLogins {
    catalog: Catalog,
    /// By cluster, since each may have a rule of its own.
    said: Mutex<BTreeMap<String, Said>>,
}

impl KubeloginLogins {
    /// Where the settings name kubelogin's cache; with the catalog that some identity rules ask.
    #[must_use]
    pub fn of(settings: &BackendSettings, http: &HttpClient) -> Option<Arc<Self>> {
        let reads_cache = settings.clusters.values().any(|cluster| cluster.kubelogin.is_some());
        let new = || Self { catalog: Catalog::new(settings, http.clone()), said: Mutex::default() };
        reads_cache.then(|| Arc::new(new()))
    }

    /// A user's login at a cluster; none where it is another person's, cannot be verified, or is no ID token.
    ///
    /// # Errors
    /// Those of the identity provider and of the catalog, when there is nothing to verify it with.
    pub async fn find(
        &self,
        asker: Asker<'_>,
        cluster: &Arc<KnownCluster>,
        now: OffsetDateTime,
    ) -> Result<Option<KubeloginsLogin>, Problem> {
        let settings = &cluster.settings;
        let Some(place) = settings.kubelogin.as_ref().filter(|place| place.user == *asker.user) else {
            return Ok(None);
        };
        let ClusterToken::Id = settings.token else { return Ok(None) };
        let id_tokens = cached(place, cluster, now).await;
        if id_tokens.is_empty() {
            return Ok(None);
        }
        let Some(said) = self.said_of(asker, cluster, now).await? else { return Ok(None) };
        for id_token in id_tokens {
            let owner = Owner { user: asker.user, said: &said };
            if let Some(login) = verified(id_token, owner, cluster, now).await? {
                return Ok(Some(login));
            }
        }
        Ok(None)
    }

    /// What the identity rule compares the login with; none where the catalog has nothing, or was not asked yet.
    async fn said_of(
        &self,
        asker: Asker<'_>,
        cluster: &KnownCluster,
        now: OffsetDateTime,
    ) -> Result<Option<CatalogSaid>, Problem> {
        let (name, rule) = (cluster.name(), &cluster.settings.identity);
        if !matches!(rule, IdentityRule::Catalog(_) | IdentityRule::Annotation(_)) {
            return Ok(Some(CatalogSaid::default()));
        }
        let known = self.said.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let stands = |known: &Said| (known.at..known.at + CATALOG_STANDS).contains(&now);
        let Some(caller) = asker.own.filter(|_| !known.as_ref().is_some_and(stands)) else {
            if known.is_none() {
                tracing::info!(
                    cluster = name,
                    "kubelogin's cache is not used before its user has called once, since the identity rule asks Backstage's catalog"
                );
            }
            return Ok(known.map(|known| known.said));
        };
        let answer = self.catalog.said_of(caller, rule).await;
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(said) => {
                all.insert(name.to_owned(), Said { said: said.clone(), at: now });
                Ok(Some(said))
            }
            Err(problem) if problem.code() == Code::IdentityMismatch => {
                all.remove(name);
                tracing::info!(cluster = name, why = problem.message(), "kubelogin's cache is not used");
                Ok(None)
            }
            // It does not answer now.
            Err(problem) => known.map(|known| Some(known.said)).ok_or(problem),
        }
    }
}

/// The login of that ID token, if it is the owner's.
async fn verified(
    id_token: WireSecret,
    owner: Owner<'_>,
    cluster: &KnownCluster,
    now: OffsetDateTime,
) -> Result<Option<KubeloginsLogin>, Problem> {
    let settings = &cluster.settings;
    let tokens = Tokens::brought(id_token, None, None);
    let metadata = cluster.provider.metadata().await?;
    let parties = Parties { issuer: &settings.oidc.issuer, client_id: &settings.oidc.client_id };
    let origin = Origin::Elsewhere { organization: settings.oidc.organization.as_deref() };
    let verified = match cluster.verified(&metadata, &tokens, parties, origin, owner, now).await {
        Ok(verified) => verified,
        Err(Unacceptable::NoKeys(error)) => return Err(ProviderError::from(error).into()),
        Err(why) => {
            tracing::info!(cluster = cluster.name(), %why, "an ID token that kubelogin has cached is not used");
            return Ok(None);
        }
    };
    let set = TokenSet::new(&verified, &tokens, &settings.token, now);
    Ok(serves(&set, now).then(|| KubeloginsLogin {
        tokens: set,
        subject: verified.subject().to_owned(),
        email: identity_rule::email_of(&settings.identity, &verified),
    }))
}

/// The client's ID tokens, the one that lasts longest by its own word first.
async fn cached(place: &KubeloginUser, cluster: &Arc<KnownCluster>, now: OffsetDateTime) -> Vec<WireSecret> {
    let (cache, known) = (KubeloginCache::new(&place.folder), Arc::clone(cluster));
    let search = in_time(READ_WITHIN, move || {
        let oidc = &known.settings.oidc;
        cache.search(Client { issuer: &oidc.issuer, id: &oidc.client_id }, now)
    });
    match search.await {
        None => {
            tracing::warn!(
                cluster = cluster.name(),
                "kubelogin's cache is not read in time: is its folder on a file system that hangs?"
            );
            Vec::new()
        }
        Some(Ok(found)) => {
            for (_, why) in &found.unread {
                tracing::info!(cluster = cluster.name(), %why, "a file of kubelogin's cache is not used");
            }
            found.logins.into_iter().take(TRIED).map(|login| login.id_token).collect()
        }
        Some(Err(why)) => {
            tracing::info!(cluster = cluster.name(), %why, "kubelogin's cache is not used");
            Vec::new()
        }
    }
}

/// What a thread reads; none where that takes longer: the thread may wait for ever, the request does not.
async fn in_time<T: Send + 'static>(limit: Duration, read: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    timeout(limit, spawn_blocking(read)).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[actix_web::test]
    async fn a_folder_that_hangs_keeps_no_request() {
        let (go, wait) = mpsc::channel::<()>();
        let limit = Duration::from_millis(1);
        let read = in_time(limit, move || wait.recv_timeout(Duration::from_secs(20)).is_ok());
        assert_eq!(read.await, None);
        drop(go);
        assert_eq!(in_time(Duration::from_mins(1), || 7).await, Some(7));
    }
}
