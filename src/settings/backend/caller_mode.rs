//! Which callers are accepted, and what that requires of other settings.

use std::net::SocketAddr;

use crate::backstage_names::UserRef;
use crate::settings::SettingsError;
use crate::settings::cluster::IdentityRule;

/// How callers are identified.
#[derive(Clone, Debug)]
pub enum CallerMode {
    /// Each sends a Backstage token.
    Backstage,
    /// For development: every caller is this user (`CLUSTER_AUTH_DEV_USER`).
    DevUser(UserRef),
}

impl CallerMode {
    /// Reads `CLUSTER_AUTH_DEV_USER`, which is refused unless every listener is on loopback.
    pub(super) fn read(dev_user: Option<&str>, listeners: [SocketAddr; 2]) -> Result<Self, SettingsError> {
        let Some(name) = dev_user else { return Ok(Self::Backstage) };
        let user = name.parse().map_err(|e| SettingsError(format!("CLUSTER_AUTH_DEV_USER is {e}.")))?;
        if listeners.iter().all(|listener| listener.ip().is_loopback()) {
            return Ok(Self::DevUser(user));
        }
        Err(SettingsError(
            "CLUSTER_AUTH_DEV_USER lets every caller in, so it works on loopback only: listen on 127.0.0.1 or [::1], or unset it."
                .to_owned(),
        ))
    }

    /// Refuses the catalog rule in development, where there is no Backstage to ask.
    pub(super) fn check_identity_rule(&self, rule: &IdentityRule) -> Result<(), SettingsError> {
        match (self, rule) {
            (Self::DevUser(_), IdentityRule::Catalog(_) | IdentityRule::Annotation(_)) => Err(SettingsError(
                "IDENTITY_RULE is catalog or annotation, which needs a Backstage to ask: set it to email, nickname, a template or any beside CLUSTER_AUTH_DEV_USER."
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}
