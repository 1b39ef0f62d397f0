//! Why an admin command did not do all that was asked.

use crate::backend::assembly::AssemblyError;
use crate::outbound::UnusableRoots;
use crate::store::StoreError;
use crate::store::sealing::NotSealed;

/// Why a command did not do all that was asked.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The store is in the backend's own process.
    #[error(
        "There is nothing to administer from another process: set REDIS_URL or STORE_FILE to the backend's."
    )]
    InProcess,
    /// The settings are of no use.
    #[error("{0}.")]
    Assembly(#[from] AssemblyError),
    /// The index of logins cannot be read.
    #[error("{0}.")]
    Store(#[from] StoreError),
    /// Nothing is kept in a file.
    #[error(
        "There is no file to export: admin export carries logins out of STORE_FILE, so set that to the backend's."
    )]
    NoFile,
    /// There was always a refresh under way.
    #[error(
        "Refreshes have been under way for a minute, and the export would lose their tokens: stop the backend, then run this again."
    )]
    UnderWay,
    /// What came is not what was exported.
    #[error(
        "Line {0} is not of an export of this version; nothing after it was taken: pipe in what admin export has written."
    )]
    NoExport(u64),
    /// The file was moved by another export.
    #[error(
        "STORE_FILE was moved away by another export than this one, so what it holds may be out of date: name a new file for this one."
    )]
    MovedElsewhere,
    /// The end is missing.
    #[error(
        "The export is cut off after {0} entries, which are here now: run admin export again, and this with all of it."
    )]
    CutOff(u64),
    /// Some logins are still there.
    #[error("{0} of the logins could not be ended, see above: mend the cause and run this again.")]
    NotAll(usize),
    /// Some records still need an old key.
    #[error(
        "{0} of the records are still not sealed with the first key, see above: leave the old keys in TOKEN_ENCRYPTION_KEYS, and run this again."
    )]
    NotResealed(u64),
    /// No randomness.
    #[error("{0}.")]
    NotSealed(#[from] NotSealed),
    /// The output is not read.
    #[error("The output could not be written ({0}): run this again.")]
    Output(#[from] std::io::Error),
}

impl From<UnusableRoots> for AdminError {
    fn from(error: UnusableRoots) -> Self {
        Self::Assembly(error.into())
    }
}

impl AdminError {
    /// The exit code of this end, see docs/errors.md.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::InProcess | Self::NoFile => 2,
            _ => 1,
        }
    }
}
