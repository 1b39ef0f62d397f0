//! What is used anew when its file changes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

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
    let url_file = settings.secret_files.redis_url.clone();
    // An address in a file may come to be one with TLS.
    let may_have_tls = url_file.is_some() || url.expose_secret().starts_with("rediss");
    let ca_file = settings.ca_file.clone().filter(|_| may_have_tls);
    let paths: Vec<_> = url_file.iter().chain(&ca_file).cloned().collect();
    if paths.is_empty() {
        return;
    }
    let setting = if url_file.is_some() { "REDIS_URL_FILE" } else { "REDIS_URL" };
    let (redis, at_start, is_first) = (redis.clone(), url.clone(), AtomicBool::new(true));
    files.watch(Of { setting, cluster: None }, paths, move || {
        let now = url_file.as_deref().map(|file| secret_in("REDIS_URL", file)).transpose();
        let now = now.map_err(|error| error.to_string())?;
        let now = now.as_deref().unwrap_or(at_start.expose_secret());
        // What the process has read already needs no second connection.
        if is_first.swap(false, Relaxed) && now == at_start.expose_secret() {
            return Ok(None);
        }
        // A look is no task of the runtime, so it may wait for one.
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        runtime.block_on(redis.move_to(now, ca_file.as_deref())).map_err(|error| error.to_string())?;
        Ok(None)
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::example_backend::EXAMPLE_KEY;
    use super::super::{Foundations, StoreUse};
    use super::*;
    use crate::settings::Source;
    use crate::store::redis_server::RedisServer;

    #[actix_web::test]
    async fn an_address_that_comes_to_have_tls_is_trusted_with_the_ca_file() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (plain, secure) = (RedisServer::start(), RedisServer::start_with_tls());
        let (url, ca) = (tempfile::NamedTempFile::new().unwrap(), secure.ca_file());
        std::fs::write(url.path(), plain.url()).unwrap();
        let variables = [
            ("OIDC_ISSUER_URL", "http://localhost:1/"),
            ("OIDC_CLIENT_ID", "kubernetes"),
            ("REDIS_URL_FILE", url.path().to_str().unwrap()),
            ("CA_FILE", ca.to_str().unwrap()),
            ("TOKEN_ENCRYPTION_KEYS", EXAMPLE_KEY),
        ];
        let source = Source::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let settings = BackendSettings::read(&source.with_secret_files().unwrap()).unwrap();
        let on = Foundations::new(&settings, StoreUse::Serve).unwrap();
        std::fs::write(url.path(), format!("rediss://localhost:{}", secure.port())).unwrap();
        let looking = actix_web::rt::spawn(Arc::clone(&on.files).keep_looking());
        let counted = |outcome| {
            let changes = &on.metrics.renewals.file_changes;
            changes.with_label_values(&["REDIS_URL_FILE", "", outcome]).get()
        };
        while counted("taken") + counted("refused") == 0 {
            tokio::task::yield_now().await;
        }
        looking.abort();
        assert_eq!((counted("taken"), counted("refused")), (1, 0));
        drop(plain);
        on.store.put("record", b"value", Duration::from_mins(1)).await.unwrap();
    }
}
