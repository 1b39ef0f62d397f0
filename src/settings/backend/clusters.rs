//! The configured clusters: one from the environment, or several from `CONFIG_FILE`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::protocol::RedirectUri;
use crate::settings::cluster::{Cluster, ClusterVariables};
use crate::settings::names::variables_of;
use crate::settings::{SettingsError, Source};

/// The configuration file, for more than one cluster.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    clusters: Vec<BTreeMap<String, String>>,
}

/// The clusters by name.
///
/// # Errors
/// One sentence that names the variable, and in a file the cluster.
pub(super) fn configured(
    source: &Source,
    file: Option<&Path>,
    insecure_hosts: &[String],
) -> Result<BTreeMap<String, Cluster>, SettingsError> {
    let configured = match file {
        Some(path) => {
            check_variables_beside_file(source)?;
            from_file(path, insecure_hosts)?
        }
        None => vec![Cluster::read(source, insecure_hosts)?],
    };
    refuse_other_ports(&configured)?;
    let mut clusters = BTreeMap::new();
    for cluster in configured {
        if let Some(twice) = clusters.insert(cluster.name.clone(), cluster) {
            return Err(SettingsError(format!(
                "The cluster {} is configured twice: rename one.",
                twice.name
            )));
        }
    }
    if clusters.is_empty() {
        return Err(SettingsError("CONFIG_FILE holds no cluster: add a [[clusters]] block.".to_owned()));
    }
    Ok(clusters)
}

/// Refuses a cluster's variables beside the file, as they would have no effect. `CLUSTER_NAME` alone only warns: some platforms
/// set it for every program.
fn check_variables_beside_file(source: &Source) -> Result<(), SettingsError> {
    let beside = source.set_among(&variables_of::<ClusterVariables>());
    match beside[..] {
        [] => return Ok(()),
        ["CLUSTER_NAME"] => {
            tracing::warn!(
                setting = "CLUSTER_NAME",
                "CLUSTER_NAME is set and does nothing beside CONFIG_FILE, which names the clusters: unset it if it is meant for this program"
            );
            return Ok(());
        }
        _ => {}
    }
    Err(SettingsError(format!(
        "CONFIG_FILE is set, so {} would do nothing: move it into a [[clusters]] block of that file, or unset it.",
        beside.join(", ")
    )))
}

pub(super) fn from_file(path: &Path, insecure_hosts: &[String]) -> Result<Vec<Cluster>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        SettingsError(format!("CONFIG_FILE cannot be read ({e}): check the path and its rights."))
    })?;
    let file: ConfigFile = toml::from_str(&text)
        .map_err(|e| SettingsError(format!("CONFIG_FILE is not as expected: {}.", e.message())))?;
    let blocks = file.clusters.into_iter();
    blocks.enumerate().map(|(index, block)| from_block(index, block, insecure_hosts)).collect()
}

fn from_block(
    index: usize,
    block: BTreeMap<String, String>,
    insecure_hosts: &[String],
) -> Result<Cluster, SettingsError> {
    let name = block.get("cluster_name").map_or_else(|| format!("number {}", index + 1), Clone::clone);
    Cluster::from_block(block, insecure_hosts).map_err(|SettingsError(sentence)| {
        SettingsError(format!("In CONFIG_FILE, cluster {name}: {sentence}"))
    })
}

/// Refuses redirect URIs with different hosts or ports: a helper has one port, and its cookies have one host.
fn refuse_other_ports(clusters: &[Cluster]) -> Result<(), SettingsError> {
    let redirect_uris = clusters
        .iter()
        .filter_map(|cluster| Some((&cluster.name, RedirectUri::parse(&cluster.oidc.redirect_uri).ok()?)));
    let mut first = None;
    for (name, uri) in redirect_uris {
        let (first_name, first_uri) = first.get_or_insert_with(|| (name, uri.clone()));
        if !uri.shares_host_and_port_with(first_uri) {
            return Err(SettingsError(format!(
                "OIDC_REDIRECT_URI of cluster {name} has another host or port than that of cluster {first_name}: the helper waits at one, so make them the same; paths may differ."
            )));
        }
    }
    Ok(())
}
