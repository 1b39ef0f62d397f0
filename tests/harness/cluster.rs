//! The small Kubernetes API for development, which verifies ID tokens itself.

use std::path::PathBuf;

use serde_json::Value;

use super::node;
use super::process::Process;
use super::world::World;

/// A running cluster.
pub struct Cluster {
    /// Its https address.
    pub url: String,
    /// Its CA.
    pub ca_file: PathBuf,
    /// The program.
    pub process: Process,
}

impl Cluster {
    /// Starts one that trusts this issuer.
    pub fn start(world: &World, issuer: &str) -> Self {
        let ca_file = world.file("cluster-ca.pem");
        let arguments =
            ["--issuer", issuer, "--client-id", "kubernetes", "--ca-out", ca_file.to_str().unwrap()];
        let (process, announcement) = node::serve(world, "cluster", "cluster/cluster.mjs", &arguments);
        Self { url: announcement["url"].as_str().map(str::to_owned).unwrap(), ca_file, process }
    }
}

/// The names of the items of a list.
pub fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
}
