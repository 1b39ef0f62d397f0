//! A command that has no page asks in the terminal alone whether a backend is the person's own. The answer counts for this run: only a
//! login that has succeeded is remembered.

use std::time::Duration;

use super::backend_name::BackendName;
use super::trust::{BackendTrust, Standing};
use crate::helper::terminal::asked_words::{Answer, AskedWords};
use crate::helper::terminal::keyboard::{self, Attended, Keyboard};
use crate::helper::terminal::shown_command::word;
use crate::helper::terminal::tools::Tools;
use crate::helper::terminal::{self, Typed, dialogue};
use crate::random::NoRandomness;
use crate::settings::login::LoginSettings;

/// Why nothing is sent to the backend.
#[derive(Debug, thiserror::Error)]
pub enum NotConfirmed {
    /// The backend was never confirmed, and the person does not confirm it now.
    #[error(
        "{0} was never confirmed on this machine, so nothing is sent there: run backstage-oidc-helper login --backend {shown} first.",
        shown = word(&.0.to_string(), "URL")
    )]
    Unconfirmed(BackendName),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// Lets go on when the backend was confirmed before, or is now.
///
/// # Errors
/// [`NotConfirmed::Unconfirmed`] when no person types, or not what is to be typed.
pub async fn confirm(
    trust: &BackendTrust,
    settings: &LoginSettings,
    tools: &Tools,
) -> Result<(), NotConfirmed> {
    match trust.standing() {
        Standing::Confirmed => return Ok(()),
        Standing::Unconfirmed => {}
        Standing::Unknown(error) => tools.terminal.say(&error.to_string()),
    }
    let unconfirmed = || NotConfirmed::Unconfirmed(trust.name().clone());
    if keyboard::attended() == Attended::No {
        return Err(unconfirmed());
    }
    let patience: Duration = settings.login_timeout.0;
    match tokio::time::timeout(patience, answer(trust, tools)).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) | Err(_) => Err(unconfirmed()),
        Ok(Err(error)) => Err(error.into()),
    }
}

/// Whether the person types yes.
async fn answer(trust: &BackendTrust, tools: &Tools) -> Result<bool, NoRandomness> {
    let mut keyboard = Keyboard::default();
    keyboard.forget_what_was_typed_ahead();
    let mut words = AskedWords::new(tools.random.as_ref())?;
    tools
        .terminal
        .say("No login at this Backstage has succeeded on this machine yet: nothing was sent there.");
    dialogue::show_backend(trust.name(), &tools.terminal);
    tools.terminal.say(&format!("Is that your Backstage? Then type: {}", words.shown()));
    loop {
        let line = keyboard.line().await;
        if matches!(terminal::understand(&line), Typed::Nothing) {
            continue;
        }
        match words.take(&line, tools.random.as_ref())? {
            Answer::Yes => return Ok(true),
            Answer::Wrong => {
                tools.terminal.say(&format!("That is not what is to be typed. Type: {}", words.shown()));
            }
            Answer::NoMore => return Ok(false),
        }
    }
}
