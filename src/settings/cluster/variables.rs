//! The variables of one cluster, as they are read.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use crate::protocol::REDIRECT_URI;
use crate::settings::email_domain::EmailDomain;
use crate::settings::lists::{separated, separated_texts};
use crate::settings::yes_no::yes_or_no;

/// One cluster's variables; in the configuration file the same names in lower case.
#[derive(Debug, Deserialize)]
pub struct ClusterVariables {
    pub(super) cluster_name: Option<String>,
    pub(super) cluster_title: Option<String>,
    pub(super) oidc_issuer_url: String,
    pub(super) oidc_client_id: String,
    pub(super) oidc_client_secret: Option<SecretString>,
    pub(super) oidc_organization_id: Option<String>,
    #[serde(default = "default_scopes")]
    pub(super) oidc_scopes: String,
    #[serde(default = "default_redirect_uri")]
    pub(super) oidc_redirect_uri: String,
    pub(super) oidc_audience: Option<String>,
    pub(super) oidc_extra_params: Option<String>,
    pub(super) oidc_discovery_url: Option<String>,
    pub(super) oidc_token_auth_method: Option<String>,
    pub(super) oidc_private_key_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "yes_or_no")]
    pub(super) oidc_token_origin: bool,
    #[serde(default, deserialize_with = "separated")]
    pub(super) oidc_algorithms: Vec<String>,
    pub(super) oidc_userinfo: Option<String>,
    pub(super) kubernetes_api_url: Option<String>,
    pub(super) kubernetes_ca_file: Option<PathBuf>,
    pub(super) kubernetes_token: Option<String>,
    pub(super) kubernetes_token_audience: Option<String>,
    pub(super) user_tokens: Option<String>,
    pub(super) identity_rule: Option<String>,
    #[serde(default, deserialize_with = "separated_texts::<_, EmailDomain>")]
    pub(super) identity_email_domains: Vec<String>,
    pub(super) identity_email_claim: Option<String>,
    pub(super) identity_email_missing_verified: Option<String>,
    pub(super) identity_annotation: Option<String>,
}

/// What is asked for where `OIDC_SCOPES` is not set.
pub const DEFAULT_SCOPES: &str = "openid profile email offline_access";

fn default_scopes() -> String {
    DEFAULT_SCOPES.to_owned()
}

fn default_redirect_uri() -> String {
    REDIRECT_URI.to_owned()
}
