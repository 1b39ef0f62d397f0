//! `AUDIT_LOG`: where the lines of the audit log go.

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Where the backend's audit log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AuditLog {
    /// To standard output, where nothing else is.
    #[default]
    Stdout,
    /// To standard error, among the other lines.
    Stderr,
    /// To the end of a file.
    File(PathBuf),
}

impl FromStr for AuditLog {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            path if PathBuf::from(path).is_absolute() => Ok(Self::File(path.into())),
            other => Err(format!(
                "{other:?} is neither stdout, stderr nor the whole path of a file: write one of them"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for AuditLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_a_stream_nor_a_whole_path_is_refused() {
        assert_eq!("stdout".parse(), Ok(AuditLog::Stdout));
        assert_eq!(" stderr ".parse(), Ok(AuditLog::Stderr));
        let path = std::env::temp_dir().join("audit.log");
        assert_eq!(path.to_str().unwrap().parse(), Ok(AuditLog::File(path)));
        for wrong in ["", "STDOUT", "off", "audit.log", "./audit.log", "file:///var/log/audit.log"] {
            assert!(wrong.parse::<AuditLog>().unwrap_err().contains("write one of them"), "{wrong}");
        }
    }
}
