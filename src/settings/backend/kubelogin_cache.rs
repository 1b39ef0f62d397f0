//! `KUBELOGIN_CACHE_DIR` and `KUBELOGIN_CACHE_USER`: for a backend on the machine of its only user.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use super::caller_mode::CallerMode;
use crate::backstage_names::UserRef;
use crate::settings::SettingsError;
use crate::settings::cluster::{Cluster, IdentityRule, KubeloginUser};

/// Gives the clusters the cache in which that user's logins are.
///
/// # Errors
/// One sentence that names the variable: what others could reach is refused, and a rule that does not tell which user an ID token is of.
pub(super) fn give(
    named: (Option<&Path>, Option<&str>),
    listeners: [SocketAddr; 2],
    callers: &CallerMode,
    clusters: &mut BTreeMap<String, Cluster>,
) -> Result<(), SettingsError> {
    let (folder, user) = match named {
        (None, None) => return Ok(()),
        (Some(folder), Some(user)) => (folder, user_of(user, callers)?),
        _ => return wrong("KUBELOGIN_CACHE_DIR and KUBELOGIN_CACHE_USER work together: set both, or none."),
    };
    check_place(folder, listeners)?;
    for cluster in clusters.values_mut() {
        check_rule(&cluster.identity)?;
        cluster.kubelogin = Some(KubeloginUser { folder: folder.to_owned(), user: user.clone() });
    }
    Ok(())
}

fn user_of(user: &str, callers: &CallerMode) -> Result<UserRef, SettingsError> {
    let user = user.parse().map_err(|e| SettingsError(format!("KUBELOGIN_CACHE_USER is {e}.")))?;
    match callers {
        CallerMode::DevUser(caller) if *caller != user => wrong(
            "KUBELOGIN_CACHE_USER is another user than CLUSTER_AUTH_DEV_USER, who is every caller: make them the same.",
        ),
        _ => Ok(user),
    }
}

fn check_place(folder: &Path, listeners: [SocketAddr; 2]) -> Result<(), SettingsError> {
    if !listeners.iter().all(|listener| listener.ip().is_loopback()) {
        return wrong(
            "KUBELOGIN_CACHE_DIR is for a backend on its user's own machine, so it works on loopback only: listen on 127.0.0.1 or [::1], or unset it.",
        );
    }
    if !folder.is_absolute() {
        return wrong(
            "KUBELOGIN_CACHE_DIR must be a path from the root, such as /home/felix/.kube/cache/oidc-login: change it.",
        );
    }
    Ok(())
}

fn check_rule(rule: &IdentityRule) -> Result<(), SettingsError> {
    match rule {
        IdentityRule::Catalog(_)
        | IdentityRule::Annotation(_)
        | IdentityRule::Email(..)
        | IdentityRule::Template(_) => Ok(()),
        IdentityRule::Any => wrong(
            "IDENTITY_RULE is any, so nothing would say which user the tokens in KUBELOGIN_CACHE_DIR are of: set another rule (catalog is the default), or unset KUBELOGIN_CACHE_DIR.",
        ),
    }
}

fn wrong<T>(sentence: &str) -> Result<T, SettingsError> {
    Err(SettingsError(sentence.to_owned()))
}
