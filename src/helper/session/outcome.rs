//! How a login ends.

use crate::protocol::{Code, Connected};

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
