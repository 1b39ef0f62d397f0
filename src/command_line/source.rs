//! Where settings come from: the environment, files of secrets, flags, and the backend of the last login.

use backstage_oidc_helper::helper::confirmation::last_backend::LastBackend;
use backstage_oidc_helper::helper::sign_in::token_file;
use backstage_oidc_helper::settings::login::LastUsed;
use backstage_oidc_helper::settings::{SettingsError, Source};

/// What the helper's roles read.
pub fn of_helper(
    flags: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Result<Source, SettingsError> {
    Ok(environment().with_flags(flags).with_secret_files()?.with_last_backend(last_used))
}

/// The backend of the last successful login. A file that cannot be read costs only the default.
fn last_used() -> Option<LastUsed> {
    let last = LastBackend::new(token_file::folder().as_deref()).read();
    let last = last.unwrap_or_else(|error| {
        tracing::warn!("The backend of the last login is not the default now: {error}");
        None
    });
    last.map(|name| LastUsed { backstage_url: name.to_string(), client_id: name.client_id().to_owned() })
}

/// A variable that is not Unicode cannot be one of ours.
pub fn environment() -> Source {
    let variables = std::env::vars_os();
    Source::new(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}
