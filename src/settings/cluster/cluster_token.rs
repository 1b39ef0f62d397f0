//! Which of a login's tokens a cluster takes.

use crate::settings::SettingsError;

/// Which of a login's tokens a cluster takes. Who a person is comes from the ID token in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterToken {
    /// The ID token, as Kubernetes' own OIDC authentication wants it.
    Id,
    /// The access token, for clusters of AKS and GKE.
    Access {
        /// The audience that a JWT has to name. Without one, no JWT is sent: it may be meant for another service.
        audience: Option<String>,
    },
}

impl ClusterToken {
    /// As the settings say.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn read(token: Option<&str>, audience: Option<&str>) -> Result<Self, SettingsError> {
        match (token, audience) {
            (None | Some("id_token"), None) => Ok(Self::Id),
            (Some("access_token"), audience) => Ok(Self::Access { audience: audience.map(str::to_owned) }),
            (None | Some("id_token"), Some(_)) => Err(SettingsError(
                "KUBERNETES_TOKEN_AUDIENCE is set and the cluster gets the ID token, whose audience is OIDC_CLIENT_ID: set KUBERNETES_TOKEN=access_token, or leave it out."
                    .to_owned(),
            )),
            (Some(_), _) => {
                Err(SettingsError("KUBERNETES_TOKEN must be id_token or access_token.".to_owned()))
            }
        }
    }
}
