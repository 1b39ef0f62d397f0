//! `--output`: how a command gives its result.

use backstage_oidc_helper::helper::account::status;
use clap::ValueEnum;

/// The help names the values.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

impl From<Output> for status::Form {
    fn from(output: Output) -> Self {
        match output {
            Output::Text => Self::Lines,
            Output::Json => Self::Json,
        }
    }
}
