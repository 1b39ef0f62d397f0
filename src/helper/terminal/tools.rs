//! What the commands at a terminal need from outside.

use std::path::PathBuf;
use std::sync::Arc;

use super::Terminal;
use super::browser::Browser;
use crate::clock::Clock;
use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::confirmation::trust::BackendTrust;
use crate::helper::sign_in::BackstageClient;
use crate::random::Random;
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// The parts of this machine that a command uses.
pub struct Tools {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The person's browser.
    pub browser: Arc<dyn Browser>,
    /// Where progress goes.
    pub terminal: Arc<Terminal>,
    /// Where the answer of a command that was asked for one goes.
    pub answers: Terminal,
    /// Where the helper keeps what it must remember, where the user has a home.
    pub state_folder: Option<PathBuf>,
}

impl Tools {
    /// Whether the user has confirmed that backend on this machine.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn backend_trust(
        &self,
        api: &BackendApi,
        settings: &LoginSettings,
    ) -> Result<BackendTrust, SettingsError> {
        let name = BackendName::new(api.address(), &settings.backstage_client_id)?;
        Ok(BackendTrust::new(name, self.state_folder.as_deref()))
    }

    /// This program as an OAuth client of that Backstage.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn backstage_client<'a>(
        &self,
        api: &'a BackendApi,
        settings: &'a LoginSettings,
    ) -> Result<BackstageClient<'a>, SettingsError> {
        BackstageClient::new(api, &settings.backstage_client_id, Arc::clone(&self.clock))
    }
}
