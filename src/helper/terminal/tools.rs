//! What the commands at a terminal need from outside.

use std::path::PathBuf;
use std::sync::Arc;

use super::Terminal;
use super::browser::Browser;
use crate::clock::Clock;
use crate::random::Random;

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
