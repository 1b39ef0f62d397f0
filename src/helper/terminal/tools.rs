//! What commands in a terminal need from their surroundings.

use std::path::PathBuf;
use std::sync::{Arc, Once};

use super::Terminal;
use super::browser::Browser;
use super::elsewhere::location::Location;
use crate::clock::Clock;
use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::confirmation::trust::BackendTrust;
use crate::helper::sign_in::BackstageClient;
use crate::helper::sign_in::private_folder::{FolderError, PrivateFolder};
use crate::random::Random;
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// The clock, randomness, browser, terminal and files that a command uses.
pub struct Tools {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Where this program runs.
    pub location: Location,
    /// What to do there was said.
    pub advised: Once,
    /// The user's browser.
    pub browser: Arc<dyn Browser>,
    /// For progress.
    pub terminal: Arc<Terminal>,
    /// For the result of a command.
    pub answers: Terminal,
    /// The folder for the helper's files; none for a user without a home.
    pub state_folder: Option<PathBuf>,
}

impl Tools {
    /// The same without a folder that cannot be created, as in a container without a writable home: that is said here, once for all files,
    /// and a login goes on without them.
    #[must_use]
    pub fn without_missing_folder(mut self) -> Self {
        let made = self.state_folder.as_deref().map(|folder| PrivateFolder::new(folder).make());
        if let Some(Err(FolderError::BySystem { path, reason })) = made {
            let path = path.display();
            self.terminal
                .say_whole(&format!("Nothing of this login is kept on this machine ({path}: {reason})."));
            self.state_folder = None;
        }
        self
    }

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
