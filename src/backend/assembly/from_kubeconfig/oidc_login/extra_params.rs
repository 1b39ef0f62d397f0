//! `--oidc-auth-request-extra-params`: parameters that have a setting of their own, and others.

use crate::backend::assembly::from_kubeconfig::notes::Notes;
use crate::settings::cluster::may_be_extra_param;

/// What Auth0 calls its organizations in tokens (`org_id`).
const ORGANIZATION_ID: &str = "org_";

/// The parameters, sorted by the setting that carries them.
#[derive(Default)]
pub struct ExtraParams {
    /// `OIDC_ORGANIZATION_ID`
    pub organization: Option<String>,
    /// `OIDC_AUDIENCE`
    pub audience: Option<String>,
    /// `OIDC_EXTRA_PARAMS`
    pub others: Vec<(String, String)>,
}

impl ExtraParams {
    /// Sorts them.
    pub fn read(pairs: Vec<(String, String)>, user: &str, notes: &mut Notes) -> Self {
        let mut read = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "organization" if value.starts_with(ORGANIZATION_ID) => read.organization = Some(value),
                "organization" => notes.add(format!(
                    "The user {user:?}: the extra parameter organization is no organization's id ({ORGANIZATION_ID}…) and is not carried over: set OIDC_ORGANIZATION_ID to the org_id of its ID tokens."
                )),
                "audience" => read.audience = Some(value),
                name if may_be_extra_param(name) => read.others.push((name.to_owned(), value)),
                name => notes.add(format!(
                    "The user {user:?}: the extra parameter {name} is not carried over, as the backend sets it for each login."
                )),
            }
        }
        read
    }
}
