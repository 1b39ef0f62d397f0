//! The logins that kubelogin has on this machine (`KUBELOGIN_CACHE_DIR`), for a user without one here. They are read and verified anew for
//! each use and kept nowhere: kubelogin refreshes and ends them. Their refresh tokens are not looked at.

use std::sync::Arc;

use actix_web::rt::task::spawn_blocking;
use time::OffsetDateTime;

use super::{TokenSet, serves};
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::id_token::Origin;
use crate::backend::oidc::identity_rule::{self, CatalogSaid, Owner};
use crate::backend::oidc::provider_error::ProviderError;
use crate::backend::oidc::verification::{Parties, Unacceptable};
use crate::backstage_names::UserRef;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::problem::Problem;
use crate::protocol::WireSecret;
use crate::settings::cluster::{ClusterToken, KubeloginUser};
use crate::store::kubelogin_cache::{Client, KubeloginCache};

/// A login of kubelogin's, verified now.
pub struct KubeloginsLogin {
    /// Its ID token; no other.
    pub tokens: TokenSet,
    /// `sub`.
    pub subject: String,
    /// The e-mail address, where it is known.
    pub email: Option<String>,
}

/// The login that kubelogin has of that user at a cluster; none where it is another user's, cannot be verified, or is no ID token.
///
/// # Errors
/// Those of the identity provider, when there is nothing to verify it with.
pub async fn from_kubelogin(
    user: &UserRef,
    cluster: &Arc<KnownCluster>,
    now: OffsetDateTime,
) -> Result<Option<KubeloginsLogin>, Problem> {
    let settings = &cluster.settings;
    let Some(place) = settings.kubelogin.as_ref().filter(|place| place.user == *user) else {
        return Ok(None);
    };
    let ClusterToken::Id = settings.token else { return Ok(None) };
    let Some(id_token) = cached(place, cluster, now).await else { return Ok(None) };
    let tokens = Tokens::brought(id_token, None, None);
    let metadata = cluster.provider.metadata().await?;
    let parties = Parties { issuer: &settings.oidc.issuer, client_id: &settings.oidc.client_id };
    let origin = Origin::Elsewhere { organization: settings.oidc.organization.as_deref() };
    let owner = Owner { user, said: &CatalogSaid::default() };
    let verified = match cluster.verified(&metadata, &tokens, parties, origin, owner, now).await {
        Ok(verified) => verified,
        Err(Unacceptable::NoKeys(error)) => return Err(ProviderError::from(error).into()),
        Err(why) => {
            tracing::info!(cluster = cluster.name(), %why, "the ID token that kubelogin has cached is not used");
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

/// The ID token that lasts longest, by its own word.
async fn cached(
    place: &KubeloginUser,
    cluster: &Arc<KnownCluster>,
    now: OffsetDateTime,
) -> Option<WireSecret> {
    let (cache, known) = (KubeloginCache::new(&place.folder), Arc::clone(cluster));
    let search = spawn_blocking(move || {
        let oidc = &known.settings.oidc;
        cache.search(Client { issuer: &oidc.issuer, id: &oidc.client_id }, now)
    });
    match search.await.ok()? {
        Ok(found) => {
            for (_, why) in &found.unread {
                tracing::info!(cluster = cluster.name(), %why, "a file of kubelogin's cache is not used");
            }
            found.logins.into_iter().next().map(|login| login.id_token)
        }
        Err(why) => {
            tracing::info!(cluster = cluster.name(), %why, "kubelogin's cache is not used");
            None
        }
    }
}
