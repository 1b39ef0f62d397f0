//! The confirmation of a backend in the terminal, for commands without a page. It holds for this run only: a backend is remembered
//! after a successful login.

use std::time::Duration;

use super::trust::{BackendTrust, TrustStatus};
use crate::helper::HelperError;
use crate::helper::terminal::confirmation_words::{Answer, ConfirmationWords};
use crate::helper::terminal::dialogue;
use crate::helper::terminal::elsewhere::pasted_address::{Typed, understand};
use crate::helper::terminal::keyboard::{self, Attended, Keyboard};
use crate::helper::terminal::shown_command::same_backend;
use crate::helper::terminal::tools::Tools;
use crate::random::NoRandomness;
use crate::settings::login::LoginSettings;

/// Succeeds if the backend was confirmed before, or the user confirms it now. What the keyboard has read ahead stays with it.
///
/// # Errors
/// [`HelperError::NotConfirmed`] when no user is at the terminal, or they do not type the words.
pub async fn confirm(
    trust: &BackendTrust,
    (settings, tools): (&LoginSettings, &Tools),
    keyboard: &mut Keyboard,
) -> Result<(), HelperError> {
    match trust.status() {
        TrustStatus::Confirmed => return Ok(()),
        TrustStatus::Unconfirmed => {}
        TrustStatus::Unknown(error) => tools.terminal.say(&error.to_string()),
    }
    if keyboard::attended() == Attended::No {
        return Err(not_confirmed(trust, settings));
    }
    let timeout: Duration = settings.login_timeout.0;
    match tokio::time::timeout(timeout, answer(trust, tools, keyboard)).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) | Err(_) => Err(not_confirmed(trust, settings)),
        Ok(Err(error)) => Err(error.into()),
    }
}

/// Succeeds if the backend was confirmed before; asks nothing.
///
/// # Errors
/// [`HelperError::NotConfirmed`], or that it cannot be told.
pub fn confirmed_before(trust: &BackendTrust, settings: &LoginSettings) -> Result<(), HelperError> {
    match trust.status() {
        TrustStatus::Confirmed => Ok(()),
        TrustStatus::Unconfirmed => Err(not_confirmed(trust, settings)),
        TrustStatus::Unknown(error) => Err(error.into()),
    }
}

fn not_confirmed(trust: &BackendTrust, settings: &LoginSettings) -> HelperError {
    let name = trust.name().to_string();
    let flags = same_backend(&name, settings);
    HelperError::NotConfirmed { name, flags }
}

/// Whether the user types the words. The end of input is a no.
async fn answer(trust: &BackendTrust, tools: &Tools, keyboard: &mut Keyboard) -> Result<bool, NoRandomness> {
    keyboard.forget_what_was_typed_ahead();
    let mut words = ConfirmationWords::new(tools.random.as_ref())?;
    tools
        .terminal
        .say("No login at this Backstage has succeeded on this machine yet: nothing was sent there.");
    dialogue::show_backend(trust.name(), &tools.terminal);
    tools.terminal.say(&format!("Is that your Backstage? Then type: {}", words.shown()));
    loop {
        let Some(line) = keyboard.line().await else { return Ok(false) };
        if matches!(understand(&line), Typed::Nothing) {
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
