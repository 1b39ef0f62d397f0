//! The proxy's backend: its address, whether it was confirmed, and whether it answers.

use std::sync::Arc;
use std::time::Duration;

use super::backend_info::BackendInfo;
use super::backend_thread::BackendThread;
use crate::helper::backend_client::{ApiError, BackendApi};
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::confirmation::last_backend::LastBackend;
use crate::helper::confirmation::trust::{BackendTrust, TrustStatus};
use crate::protocol::Info;

/// How long a page waits for the backend.
const PAGE_TIMEOUT: Duration = Duration::from_secs(2);

/// The configured Backstage.
pub struct NamedBackstage {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Its confirmation.
    pub trust: BackendTrust,
    /// Whether it is the default of this user's commands.
    pub last: LastBackend,
}

/// Whether the backend answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It does, or did within the last minute.
    Yes,
    /// It does not.
    No,
}

/// The backend of the configured Backstage, if there is one.
pub struct Backend {
    /// The only thread that calls it.
    pub thread: BackendThread,
    named: Option<NamedBackstage>,
    fresh_info: BackendInfo,
}

impl Backend {
    /// Calls nothing yet.
    #[must_use]
    pub fn new(named: Option<NamedBackstage>, thread: BackendThread) -> Self {
        Self { thread, named, fresh_info: BackendInfo::default() }
    }

    /// The address of the configured Backstage.
    #[must_use]
    pub fn backstage_url(&self) -> Option<&str> {
        self.named.as_ref().map(|backstage| backstage.url.as_str())
    }

    /// Its name, if the user has to confirm it first.
    #[must_use]
    pub fn unconfirmed(&self) -> Option<&BackendName> {
        let NamedBackstage { trust, .. } = self.named.as_ref()?;
        match trust.status() {
            TrustStatus::Confirmed => return None,
            TrustStatus::Unconfirmed => {}
            TrustStatus::Unknown(error) => {
                tracing::warn!(%error, "the file of confirmed backends cannot be read");
            }
        }
        Some(trust.name())
    }

    /// Remembers that a login there has succeeded.
    pub async fn remember(&self) {
        let Some(NamedBackstage { trust, last, .. }) = &self.named else { return };
        last.remember(trust.name());
        if let Err(error) = trust.remember().await {
            tracing::warn!(%error, "the confirmation of the backend is not kept");
        }
    }

    /// Its answer to `GET /info`, from the thread that calls it.
    ///
    /// # Errors
    /// As [`BackendApi::info`].
    pub async fn info(&self, api: &BackendApi) -> Result<Info, ApiError> {
        self.fresh_info.info(api).await
    }

    /// Its answer to `GET /info` for a page, which waits only a short time for it.
    pub async fn info_for_page(self: &Arc<Self>) -> Option<Info> {
        if let Some(info) = self.fresh_info.fresh() {
            return Some(info);
        }
        let there = Arc::clone(self);
        let asked = self.thread.ask(move |api| async move { there.info(&api?).await.ok() });
        tokio::time::timeout(PAGE_TIMEOUT, asked).await.ok().flatten().flatten()
    }

    /// Whether it answers in that time.
    pub async fn answers(self: &Arc<Self>) -> Answers {
        if self.info_for_page().await.is_some() { Answers::Yes } else { Answers::No }
    }

    /// Logs once at the start whether it answers, and what to do if not.
    pub async fn say_whether_it_answers(self: Arc<Self>) {
        let Some(backstage) = self.backstage_url() else {
            tracing::warn!(
                "BACKSTAGE_URL is not set: set it to the address of your Backstage and start this again"
            );
            return;
        };
        let there = Arc::clone(&self);
        let asked = self.thread.ask(move |api| async move { there.info(&api?).await.err() });
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
}
