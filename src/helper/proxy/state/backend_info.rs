//! The backend's answer to `GET /info`, cached for a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::helper::backend_client::{ApiError, BackendApi};
use crate::protocol::Info;

/// How long the answer is cached.
const FRESH: Duration = Duration::from_mins(1);

/// The cached answer.
#[derive(Default)]
pub struct BackendInfo(Mutex<Option<(Instant, Info)>>);

impl BackendInfo {
    /// The answer; failures are not cached.
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

    /// The cached answer.
    #[must_use]
    pub fn fresh(&self) -> Option<Info> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(since, _)| since.elapsed() < FRESH).map(|(_, info)| info.clone())
    }
}
