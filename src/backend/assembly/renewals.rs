//! What is used anew when its file changes.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use super::watched_files::{Of, WatchedFiles};
use crate::backend::oidc::clusters::KnownCluster;
use crate::settings::backend::BackendSettings;
use crate::settings::cluster::ClientAuthentication;
use crate::settings::secret_in;
use crate::store::redis::Redis;
use crate::store::sealing::Keyring;

/// The keys of records. Their file is also read for a record with a key that is not known.
pub(super) fn keys(files: &WatchedFiles, path: &Path, keyring: &Arc<Keyring>) {
    let of = Of { setting: "TOKEN_ENCRYPTION_KEYS_FILE", cluster: None };
    let (from, taking) = (path.to_owned(), Arc::clone(keyring));
    let file = files.watch(of, vec![path.to_owned()], move || {
        let text = secret_in("TOKEN_ENCRYPTION_KEYS", &from).map_err(|error| error.to_string())?;
        taking.take(&text).map(Some).map_err(|error| error.to_string())
    });
    keyring.look_for_unknown_ids(move || file.look());
}

/// What a cluster's client shows its identity provider.
pub(super) fn client(files: &WatchedFiles, cluster: &Arc<KnownCluster>) {
    let oidc = &cluster.settings.oidc;
    let Some(path) = oidc.authentication_file.clone() else { return };
    let setting = match &oidc.authentication {
        ClientAuthentication::PrivateKeyJwt(_) => "OIDC_PRIVATE_KEY_FILE",
        ClientAuthentication::Secret { .. } | ClientAuthentication::None => "OIDC_CLIENT_SECRET_FILE",
    };
    let of = Of { setting, cluster: Some(cluster.name()) };
    let (from, showing) = (path.clone(), Arc::clone(cluster));
    files.watch(of, vec![path], move || {
        showing.provider.show_from_file(&from).map(|()| None).map_err(|error| error.to_string())
    });
}

/// Where Redis is and what it is shown: its address with the password, and the roots.
pub(super) fn redis(files: &WatchedFiles, settings: &BackendSettings, url: &SecretString, redis: &Redis) {
    let (url_file, ca_file) = (settings.secret_files.redis_url.clone(), settings.ca_file.clone());
    let ca_file = ca_file.filter(|_| url.expose_secret().starts_with("rediss"));
    let (setting, paths) = match (&url_file, &ca_file) {
        (Some(url), ca) => {
            ("REDIS_URL_FILE", [Some(url), ca.as_ref()].into_iter().flatten().cloned().collect())
        }
        (None, Some(ca)) => ("REDIS_URL", vec![ca.clone()]),
        (None, None) => return,
    };
    let (redis, url, at_start) = (redis.clone(), url.clone(), Mutex::new(true));
    files.watch(Of { setting, cluster: None }, paths, move || {
        let from_file = url_file.as_deref().map(|file| secret_in("REDIS_URL", file)).transpose();
        let now =
            from_file.map_err(|error| error.to_string())?.unwrap_or_else(|| url.expose_secret().to_owned());
        let is_first = std::mem::take(&mut *at_start.lock().unwrap_or_else(PoisonError::into_inner));
        // What the process has read already needs no second connection.
        if is_first && now == url.expose_secret() {
            return Ok(None);
        }
        // A look is no task of the runtime, so it may wait for one.
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        runtime.block_on(redis.move_to(&now, ca_file.as_deref())).map_err(|error| error.to_string())?;
        Ok(None)
    });
}
