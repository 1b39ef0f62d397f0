//! What all services stand on: time, randomness, the store and its keys, counters.

use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret;

use super::assembly_error::AssemblyError;
use super::renewals;
use super::watched_files::WatchedFiles;
use crate::clock::{Clock, SystemClock};
use crate::random::{Random, SystemRandom};
use crate::settings::backend::{BackendSettings, StoreSettings};
use crate::store::Store;
use crate::store::file::{StoreFile, UnusableFile};
use crate::store::memory::Memory;
use crate::store::observed::Observed;
use crate::store::redis::Redis;
use crate::store::sealing::Keyring;
use crate::telemetry::backend_metrics::BackendMetrics;

/// What all services stand on; a test brings its own of some.
pub struct Foundations {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// What records are sealed with.
    pub keyring: Arc<Keyring>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// The files that may change.
    pub files: Arc<WatchedFiles>,
}

/// What a process does with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreUse {
    /// To be the backend: a file is its own, and is made where there is none.
    Serve,
    /// To look after the store that a backend has.
    Administer,
    /// To fill a store, which is made where there is none.
    Import,
    /// To look at the settings alone.
    Check,
}

impl Foundations {
    /// Those of a real process that is about to serve.
    ///
    /// # Errors
    /// As [`Self::new`], and when `REDIS_URL` leads to a node of a Redis Cluster.
    pub async fn at_start(settings: &BackendSettings) -> Result<Self, AssemblyError> {
        if let StoreSettings::Redis { url, .. } = &settings.store {
            Redis::new(url.expose_secret(), settings.ca_file.as_deref())?.refuse_cluster().await?;
        }
        Self::new(settings, StoreUse::Serve)
    }

    /// Those of a real process.
    ///
    /// # Errors
    /// As the variants of [`AssemblyError`] say.
    pub fn new(settings: &BackendSettings, use_of_store: StoreUse) -> Result<Self, AssemblyError> {
        let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) =
            (Arc::new(SystemClock), Arc::new(SystemRandom));
        let metrics = BackendMetrics::new()?;
        let (seconds, files) = (metrics.store_seconds.clone(), WatchedFiles::new(Arc::clone(&metrics)));
        let in_memory = || Arc::new(Observed::new(Memory::new(Arc::clone(&clock)), seconds.clone()));
        let (store, keyring): (Arc<dyn Store>, Keyring) = match &settings.store {
            StoreSettings::InProcess => (in_memory(), Keyring::random(random.as_ref())?),
            StoreSettings::Redis { url, keys } => {
                let redis = Redis::new(url.expose_secret(), settings.ca_file.as_deref())?;
                renewals::redis(&files, settings, url, &redis);
                (Arc::new(Observed::new(redis, seconds)), Keyring::parse(keys.expose_secret())?)
            }
            StoreSettings::File { path, keys } => {
                let keyring = Keyring::parse(keys.expose_secret())?;
                let store: Arc<dyn Store> = match file(path, &clock, use_of_store)? {
                    Some(file) => Arc::new(Observed::new(file, seconds)),
                    None => in_memory(),
                };
                (store, keyring)
            }
        };
        let keyring = Arc::new(keyring);
        if let Some(path) = &settings.secret_files.keys {
            renewals::keys(&files, path, &keyring);
        }
        Ok(Self { clock, random, store, keyring, metrics, files })
    }
}

/// None where nothing is to be made for a look.
fn file(
    path: &Path,
    clock: &Arc<dyn Clock>,
    use_of_store: StoreUse,
) -> Result<Option<StoreFile>, UnusableFile> {
    match use_of_store {
        StoreUse::Serve => StoreFile::open(path, Arc::clone(clock)).map(Some),
        StoreUse::Check if !path.exists() => Ok(None),
        StoreUse::Import if !path.exists() => StoreFile::open(path, Arc::clone(clock)).map(Some),
        StoreUse::Import | StoreUse::Administer | StoreUse::Check => {
            StoreFile::open_beside(path, Arc::clone(clock)).map(Some)
        }
    }
}
