//! How a login ends, and the sentence for it: the same on the page, in the terminal and in the log.

use crate::protocol::{Code, Connected};

/// For a login that the identity provider, or the person there, refused.
pub const DENIED: &str =
    "The identity provider did not log you in: begin again, or ask the admin of the cluster for access.";

/// For a login that its session did not outlast.
pub const EXPIRED: &str = "The session ended before the login was done: begin it again, and if the identity provider showed an error of its own, tell the operator (OIDC_CLIENT_ID, OIDC_REDIRECT_URI).";

/// The outcome of a login, for pages and the terminal.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The backend holds the tokens.
    Connected(Connected),
    /// The identity provider or the user refused.
    Denied,
    /// The session ended before a final answer of the backend.
    Expired,
    /// The backend did not accept the login.
    Failed(Failure),
}

/// Why the backend did not accept a login.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The backend's code, if there is one.
    pub code: Option<Code>,
    /// What happened and what to do next.
    pub message: String,
}

impl Outcome {
    /// The failure of one that failed: its sentence and its code.
    #[must_use]
    pub fn failure(&self) -> Option<(&str, Option<Code>)> {
        match self {
            Self::Connected(_) => None,
            Self::Denied => Some((DENIED, Some(Code::AccessDenied))),
            Self::Expired => Some((EXPIRED, Some(Code::SessionExpired))),
            Self::Failed(Failure { code, message }) => Some((message, *code)),
        }
    }

    /// Writes the failure of one that failed to the log.
    pub fn log(&self) {
        if let Some((sentence, code)) = self.failure() {
            tracing::info!(code = code.map(Code::as_str), "{sentence}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::HelperError;
    use crate::helper::callback::Consent;
    use crate::helper::session::example_login::example_login;
    use crate::helper::web::pages;

    #[test]
    fn page_and_terminal_say_the_same_sentence_with_the_same_code() {
        let (login, _callbacks) = example_login(Consent::Given);
        let message = "Felix is not Mara: log in as yourself.".to_owned();
        let failed = Outcome::Failed(Failure { code: Some(Code::IdentityMismatch), message });
        for outcome in [Outcome::Denied, Outcome::Expired, failed] {
            let (sentence, code) = outcome.failure().unwrap();
            let code = code.unwrap().as_str();
            let page = pages::outcome(&login.facts, &outcome).body.into_string();
            assert!(page.contains(sentence) && page.contains(&format!(">{code}<")), "{page}");
            let last_line = HelperError::of_outcome(outcome.clone()).unwrap_err().to_string();
            assert_eq!(last_line, format!("{sentence} ({code})"));
        }
    }
}
