//! Files that are replaced while the process runs: keys, secrets, certificates. What they hold is read every few seconds and compared
//! with what was used last.
//!
//! By content, and not by a notification of the system: Kubernetes replaces a mounted secret by renaming a link above the file, a
//! network's file system notifies no one of a change elsewhere, and a few small files cost nothing to read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use prometheus::{IntCounter, IntGauge};
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::telemetry::backend_metrics::BackendMetrics;

/// How often they are read.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Uses what the files hold now: a word about it for the log, or why it is of no use, without a secret.
type Take = Box<dyn Fn() -> Result<Option<String>, String> + Send + Sync>;

/// What files are of.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// The setting that names the file, or the first of the files that belong together.
    pub setting: &'static str,
    /// The cluster, where it is a cluster's setting.
    pub cluster: Option<&'a str>,
}

/// All watched files of a process.
pub struct WatchedFiles {
    metrics: Arc<BackendMetrics>,
    files: Mutex<Vec<Arc<WatchedFile>>>,
}

/// The file of a setting, or several that belong together.
pub struct WatchedFile {
    setting: &'static str,
    cluster: Option<String>,
    paths: Vec<PathBuf>,
    take: Take,
    /// What it held when it began to be watched.
    at_first: Print,
    seen: Mutex<Seen>,
    taken: IntCounter,
    refused: IntCounter,
    is_refused: IntGauge,
}

/// Tells one content from another, and does not keep it: it may be a secret.
type Print = Vec<u8>;

/// The contents that were seen.
#[derive(Default)]
struct Seen {
    /// What is used. Nothing before the first look: the file may have changed since the process read it at its start.
    used: Option<Print>,
    /// What was refused since, and told.
    refused: Option<Print>,
}

impl WatchedFiles {
    /// None yet.
    #[must_use]
    pub fn new(metrics: Arc<BackendMetrics>) -> Arc<Self> {
        Arc::new(Self { metrics, files: Mutex::default() })
    }

    /// Watches files. `take` reads them anew and uses what they hold, as a whole or not at all.
    pub fn watch(
        &self,
        of: Of<'_>,
        paths: Vec<PathBuf>,
        take: impl Fn() -> Result<Option<String>, String> + Send + Sync + 'static,
    ) -> Arc<WatchedFile> {
        let Of { setting, cluster } = of;
        let labels = [setting, cluster.unwrap_or_default()];
        let changes =
            |outcome| self.metrics.renewals.file_changes.with_label_values(&[labels[0], labels[1], outcome]);
        let file = Arc::new(WatchedFile {
            setting,
            cluster: cluster.map(str::to_owned),
            at_first: print_of(&paths),
            paths,
            take: Box::new(take),
            seen: Mutex::default(),
            taken: changes("taken"),
            refused: changes("refused"),
            is_refused: self.metrics.renewals.files_refused.with_label_values(&labels),
        });
        held(&self.files).push(Arc::clone(&file));
        file
    }

    /// Looks at all of them now and then; never returns.
    pub async fn keep_looking(self: Arc<Self>) {
        loop {
            let all = Arc::clone(&self);
            // Reading may take long where files are on a network.
            let _ = actix_web::rt::task::spawn_blocking(move || all.look()).await;
            sleep(LOOK_AGAIN).await;
        }
    }

    fn look(&self) {
        let files = held(&self.files).clone();
        for file in files {
            file.look();
        }
    }
}

impl WatchedFile {
    /// Uses what the files hold now, if that is new and of use; a new content that is not is told of once.
    pub fn look(&self) {
        let (setting, cluster) = (self.setting, self.cluster.as_deref());
        let mut seen = held(&self.seen);
        let now = print_of(&self.paths);
        if seen.used.as_ref() == Some(&now) {
            if seen.refused.take().is_some() {
                self.is_refused.set(0);
                tracing::info!(setting, cluster, "a file holds again what is used");
            }
            return;
        }
        // What was refused is looked at anew each time: a certificate becomes valid, a server takes a password a moment later.
        match (self.take)() {
            Ok(detail) => {
                // The metrics first: what the log says already holds in them.
                self.is_refused.set(0);
                if seen.refused.is_some() || *seen.used.as_ref().unwrap_or(&self.at_first) != now {
                    self.taken.inc();
                    tracing::info!(setting, cluster, detail, "a file has changed: what it holds now is used");
                }
                *seen = Seen { used: Some(now), refused: None };
            }
            Err(error) if seen.refused.as_ref() != Some(&now) => {
                self.refused.inc();
                self.is_refused.set(1);
                tracing::warn!(
                    setting,
                    cluster,
                    error,
                    "a file has changed, and what it holds now is of no use: what it held before is used"
                );
                seen.refused = Some(now);
            }
            Err(_) => {}
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands for the contents of these files, or for why one cannot be read.
fn print_of(paths: &[PathBuf]) -> Print {
    let mut sum = digest::Context::new(&digest::SHA256);
    for path in paths {
        let content = std::fs::read(path).map(Zeroizing::new);
        let content = content.unwrap_or_else(|error| Zeroizing::new(format!("unreadable: {error}").into()));
        // The lengths tell where one ends.
        sum.update(&content.len().to_be_bytes());
        sum.update(&content);
    }
    sum.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests;
