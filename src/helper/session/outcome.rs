//! How a login ends.

use crate::protocol::{Code, Connected};

/// How a login ended, for the page and for the terminal.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The backend holds the tokens.
    Connected(Connected),
    /// The identity provider, or the person there, said no.
    Denied,
    /// The session ended before the backend had answered.
    Expired,
    /// The backend did not accept the login.
    Failed(Failure),
}

/// Why the backend did not accept a login.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The backend's code, where it gave one.
    pub code: Option<Code>,
    /// What happened and what to do next.
    pub message: String,
}
