//! `AUDIT_KUBERNETES`: of which uses of the Kubernetes proxy the audit log has a line.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// Which uses are audited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditedUses {
    /// Each of them.
    #[default]
    All,
    /// All but reads that were answered.
    Changes,
    /// None.
    None,
}

impl FromStr for AuditedUses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "all" => Ok(Self::All),
            "changes" => Ok(Self::Changes),
            "none" => Ok(Self::None),
            other => Err(format!("{other:?} is none of all, changes and none: write one of them")),
        }
    }
}

impl<'de> Deserialize<'de> for AuditedUses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
