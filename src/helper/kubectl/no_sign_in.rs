//! Why kubectl gets no Backstage token although it could sign in: each message is one sentence that names the next step.

use std::fmt;
use std::time::Duration;

use humantime::format_duration;

use crate::helper::terminal::countdown::rounded;
use crate::helper::terminal::shown_command::same_backend;
use crate::settings::login::LoginSettings;

/// The reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// kubectl says that its user is not to be asked: `interactiveMode: Never`, or its input is no terminal.
    NotInteractive,
    /// No browser can be opened here.
    NoBrowser,
    /// The user has no home, so that a sign-in could not be kept: each call would ask for another.
    NoHome,
    /// Another run waits for the browser, and has not ended within this time.
    AnotherWaits(Duration),
    /// The tab that was opened was not answered within this time; none is opened for so long.
    NotFinished(Duration, Duration),
    /// A tab was opened this long ago and is not answered; none is opened for so long.
    Unanswered(Duration, Duration),
}

/// The same at one Backstage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSignIn {
    login: String,
    reason: Reason,
}

impl NoSignIn {
    /// At the Backstage with that address. The login that is named is as the same client: another one's sign-in would not serve.
    #[must_use]
    pub fn at(address: &str, settings: &LoginSettings, reason: Reason) -> Self {
        let login = format!("run backstage-oidc-helper login {}", same_backend(address, settings));
        Self { login, reason }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.exit_code() {
            4 => "timed_out",
            _ => "not_signed_in",
        }
    }

    /// 4 where the user had time and did not sign in, 1 where they were not asked.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.reason {
            Reason::NotInteractive | Reason::NoBrowser | Reason::NoHome => 1,
            Reason::AnotherWaits(_) | Reason::NotFinished(..) | Reason::Unanswered(..) => 4,
        }
    }
}

impl std::error::Error for NoSignIn {}

impl fmt::Display for NoSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { login, reason } = self;
        let time = |time: Duration| format_duration(rounded(time));
        match *reason {
            Reason::NotInteractive => write!(
                f,
                "You are not signed in to Backstage, and kubectl says that you cannot be asked now (no terminal, or interactiveMode Never): \
                 {login} in a terminal, or set BACKSTAGE_TOKEN."
            ),
            Reason::NoBrowser => write!(
                f,
                "You are not signed in to Backstage, and no browser can be opened here: {login}, which works from afar, too, or set \
                 BACKSTAGE_TOKEN."
            ),
            Reason::NoHome => f.write_str(
                "Your user has no home in which a sign-in to Backstage could be kept, so none is begun for kubectl: set HOME, or BACKSTAGE_TOKEN.",
            ),
            Reason::AnotherWaits(waited) => write!(
                f,
                "Another command has waited for you to sign in to Backstage for longer than {}: go on in its tab of your browser, or end it and \
                 {login}.",
                time(waited)
            ),
            Reason::NotFinished(waited, left) => write!(
                f,
                "You did not sign in to Backstage within {}: {login} when you want to; kubectl opens no other tab for {}.",
                time(waited),
                time(left)
            ),
            Reason::Unanswered(ago, left) => write!(
                f,
                "The sign-in to Backstage that kubectl opened in your browser {} ago was not finished: {login} when you want to; kubectl \
                 opens no other tab for {}.",
                time(ago),
                time(left)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    #[test]
    fn each_is_one_sentence_with_the_next_step() {
        let (one, two) = (Duration::from_secs(59), Duration::from_mins(10));
        let settings = |pairs: Vec<(String, String)>| LoginSettings::read(&Source::new(pairs)).unwrap();
        for (reason, code, words) in [
            (Reason::NotInteractive, 1, "login --backend https://b.example in a terminal"),
            (Reason::NoBrowser, 1, "login --backend https://b.example,"),
            (Reason::NoHome, 1, "set HOME"),
            (Reason::AnotherWaits(two), 4, "longer than 10m"),
            (Reason::NotFinished(one, two), 4, "no other tab for 10m"),
            (Reason::Unanswered(one, two), 4, "opened in your browser 59s ago"),
        ] {
            let error = NoSignIn::at("https://b.example", &settings(vec![]), reason);
            let sentence = error.to_string();
            assert!(sentence.contains(words), "{sentence}");
            assert_eq!(error.exit_code(), code);
            assert!(sentence.ends_with('.') && sentence.matches(". ").count() == 0, "{sentence}");
        }
        let other = settings(vec![("BACKSTAGE_CLIENT_ID".to_owned(), "team-helper".to_owned())]);
        let other = NoSignIn::at("https://b.example", &other, Reason::NoBrowser).to_string();
        assert!(other.contains("login --backend https://b.example --client-id team-helper,"), "{other}");
        let odd = NoSignIn::at("https://b.example/;x", &settings(vec![]), Reason::NoBrowser).to_string();
        assert!(odd.contains("--backend URL,"), "{odd}");
    }
}
