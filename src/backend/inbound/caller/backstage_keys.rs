//! The keys that Backstage signs with: a set for its auth plugin and one for each trusted plugin, never mixed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::{DecodingKey, Header};
use prometheus::Histogram;

use crate::backend::oidc::key_set::{ByCopy, KeySet, KeysCopy};
use crate::backstage_names::PluginName;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::settings::backend::BackendSettings;

/// A set and where it is published. The address is made of settings only, never of what a token says.
pub(crate) struct PublishedKeys {
    url: String,
    keys: KeySet,
    http: HttpClient,
}

impl PublishedKeys {
    /// Verifies a token with this header, as [`KeySet::verify`] does.
    ///
    /// # Errors
    /// When there is no set and none can be fetched.
    pub(crate) async fn verify<T, E>(
        &self,
        header: &Header,
        with: impl Fn(&DecodingKey) -> Result<T, E>,
    ) -> Result<ByCopy<T, E>, OutboundError> {
        self.keys.verify(header, &self.url, &self.http, with).await
    }

    /// As [`KeySet::is_current`].
    pub(crate) async fn is_current(&self, copy: &KeysCopy) -> bool {
        self.keys.is_current(copy, &self.url, &self.http).await
    }
}

/// All sets that a token may be signed with.
pub struct BackstageKeys {
    auth: Arc<PublishedKeys>,
    plugins: BTreeMap<PluginName, Arc<PublishedKeys>>,
}

impl BackstageKeys {
    /// Knows where each set is, and none of them yet; the seconds that fetching takes are observed.
    #[must_use]
    pub fn new(
        settings: &BackendSettings,
        clock: &Arc<dyn Clock>,
        http: &HttpClient,
        seconds: &Histogram,
    ) -> Self {
        let base = settings.backstage_base();
        let published = |path: &str| {
            let url = format!("{base}/api/{path}/jwks.json");
            let keys = KeySet::new(Arc::clone(clock), seconds.clone());
            Arc::new(PublishedKeys { url, keys, http: http.clone() })
        };
        let of_plugin = |name: &PluginName| (name.clone(), published(&format!("{name}/.backstage/auth/v1")));
        Self {
            auth: published("auth/.well-known"),
            plugins: settings.trusted_plugins.iter().map(of_plugin).collect(),
        }
    }

    /// What signs the tokens of users, limited ones included.
    pub(crate) fn of_auth(&self) -> &Arc<PublishedKeys> {
        &self.auth
    }

    /// What signs the tokens of a plugin; none for a plugin that is not trusted.
    pub(crate) fn of_plugin(&self, name: &PluginName) -> Option<&Arc<PublishedKeys>> {
        self.plugins.get(name)
    }
}
