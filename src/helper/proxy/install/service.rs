//! The proxy as a service of the user's: what the system's manager of services is told, the same for each of them.

pub mod control;

use std::io::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::command_line::CommandLine;
use crate::settings::proxy::carried::Carried;

/// What stands in each file that this program writes: a file without it is another's.
pub const MARK: &str = "Written by backstage-oidc-helper proxy install";

/// What is installed.
#[derive(Clone, Debug)]
pub struct Description {
    /// The absolute path of this program.
    pub executable: String,
    /// The settings.
    pub settings: Carried,
    /// The addresses of the helper port.
    pub listen: Vec<SocketAddr>,
    /// The file for the log, where the manager keeps none of its own.
    pub log: Option<PathBuf>,
    /// The user's name, as Windows has it.
    pub user: String,
}

/// Makes the content of a file.
type Content = fn(&Description) -> Result<String, Error>;

/// How a file's text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, as Windows' own tools write it.
    Utf16,
}

impl Encoding {
    /// The text of a file that may be another's.
    #[must_use]
    pub fn text(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Utf16 => {
                let units = bytes.chunks(2).map(|pair| match pair {
                    [low, high] => u16::from_le_bytes([*low, *high]),
                    _ => 0,
                });
                char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
        }
    }

    /// The text's bytes.
    #[must_use]
    pub fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16 => {
                "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
            }
        }
    }
}

/// A file of the service.
pub struct ServiceFile {
    /// Where it stands.
    pub path: PathBuf,
    /// What stands in it.
    pub content: Content,
}

/// When its commands that start and end a service return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// When that is done.
    Afterwards,
    /// Perhaps before: what ends may be there for a while, and in the way of what starts.
    Early,
}

/// A manager of services, and how it is told of this one.
pub struct Manager {
    /// What it does not take in the path of a program, however it is written.
    pub not_in_paths: &'static [char],
    /// The files, in the order in which they are written.
    pub files: Vec<ServiceFile>,
    /// How their text is stored.
    pub encoding: Encoding,
    /// Succeeds if the manager answers.
    pub answers: CommandLine,
    /// Each succeeds if the service is installed, whatever is in the files.
    pub is_installed: Vec<CommandLine>,
    /// Run when the files are there.
    pub start: Vec<CommandLine>,
    /// Run before they are replaced or removed.
    pub stop: Vec<CommandLine>,
    /// When these return.
    pub returns: Returns,
    /// Run when the files are gone.
    pub forget: Vec<CommandLine>,
    /// A sentence that names the settings which its files cannot hold; none where they hold all.
    pub not_held: fn(&Carried) -> Option<String>,
    /// The file for the log, where it keeps none of its own.
    pub log: Option<PathBuf>,
    /// What the user reads in the end.
    pub installed: &'static str,
}
