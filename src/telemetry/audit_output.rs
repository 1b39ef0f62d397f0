//! Where the lines of the audit log go.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::{MakeWriterExt, OrElse, WithFilter};

/// Tells the lines of the audit log from others.
pub type IsAudit = fn(&Metadata<'_>) -> bool;

/// A writer for the lines of the audit log, and one for all others.
pub type Split<A, W> = OrElse<WithFilter<A, IsAudit>, W>;

/// Where the lines of the audit log go.
#[derive(Debug)]
pub enum AuditOutput {
    /// Among the others.
    WithTheLog,
    /// To standard output.
    Stdout,
    /// To the end of a file.
    File(File),
}

impl AuditOutput {
    /// A file, which only this user may read when it is made here. Lines are appended whole, also where others write to it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn to_file(path: &Path) -> std::io::Result<Self> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(Self::File)
    }

    /// Whether people read it at a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::WithTheLog => true,
            Self::Stdout => std::io::stdout().is_terminal(),
            Self::File(_) => false,
        }
    }
}

/// Sends the audit log's lines to one writer and all others to another.
pub fn split<A, W>(is_audit: IsAudit, audit: A, others: W) -> Split<A, W>
where
    A: for<'w> MakeWriter<'w>,
    for<'w> <A as MakeWriter<'w>>::Writer: Write,
    W: for<'w> MakeWriter<'w>,
{
    audit.with_filter(is_audit).or_else(others)
}
