//! What is known of the backend: its own word (`GET /info`), asked for again after a minute.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::App;
use crate::helper::backend_client::{ApiError, BackendApi};
use crate::protocol::Info;

/// How long the backend's word counts.
const FRESH: Duration = Duration::from_mins(1);

/// How long a page waits for it.
const PAGE_PATIENCE: Duration = Duration::from_secs(2);

/// The backend's word, while it is fresh.
#[derive(Default)]
pub struct Installation(Mutex<Option<(Instant, Info)>>);

/// Whether the backend answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It has, a moment ago.
    Yes,
    /// Not now.
    No,
}

impl Installation {
    /// The backend's word; a backend that is away is asked again each time.
    ///
    /// # Errors
    /// As [`BackendApi::info`].
    pub async fn info(&self, api: &BackendApi) -> Result<Info, ApiError> {
        if let Some(info) = self.fresh() {
            return Ok(info);
        }
        let info = api.info().await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((Instant::now(), info.clone()));
        Ok(info)
    }

    fn fresh(&self) -> Option<Info> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(since, _)| since.elapsed() < FRESH).map(|(_, info)| info.clone())
    }

    /// Whether it answers, for a page that does not wait for long.
    pub async fn answers(&self, app: &Arc<App>) -> Answers {
        if self.fresh().is_some() {
            return Answers::Yes;
        }
        let there = Arc::clone(app);
        let asked = app.backend.ask(move |api| async move {
            let api = api?;
            there.installation.info(&api).await.ok()
        });
        match tokio::time::timeout(PAGE_PATIENCE, asked).await {
            Ok(Some(Some(_))) => Answers::Yes,
            Ok(_) | Err(_) => Answers::No,
        }
    }
}

/// One line at the start, so that whoever reads the log knows what to do.
pub async fn say_whether_it_answers(app: Arc<App>) {
    let Some(backstage) = app.backstage_url() else {
        tracing::warn!(
            "BACKSTAGE_URL is not set: set it to the address of your Backstage and start this again"
        );
        return;
    };
    let there = Arc::clone(&app);
    let asked = app.backend.ask(move |api| async move {
        let api = api?;
        there.installation.info(&api).await.err()
    });
    if let Some(reason) = asked.await.flatten() {
        tracing::warn!(
            backstage,
            %reason,
            "there is no backend to be reached: check BACKSTAGE_URL and your network; logins can begin as soon as it answers"
        );
    } else {
        tracing::info!(backstage, "the backend answers");
    }
}
