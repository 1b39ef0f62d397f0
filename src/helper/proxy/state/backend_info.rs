//! What the backend says of itself (`GET /info`), asked for again after a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::helper::backend_client::{ApiError, BackendApi};
use crate::protocol::Info;

/// How long the backend's word counts.
const FRESH: Duration = Duration::from_mins(1);

/// The backend's word, while it is fresh.
#[derive(Default)]
pub struct BackendInfo(Mutex<Option<(Instant, Info)>>);

impl BackendInfo {
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

    /// Whether it has answered a moment ago.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.fresh().is_some()
    }

    fn fresh(&self) -> Option<Info> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(since, _)| since.elapsed() < FRESH).map(|(_, info)| info.clone())
    }
}
