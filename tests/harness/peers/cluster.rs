//! The small Kubernetes API for development, which verifies ID tokens itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use backstage_oidc_helper::outbound;
use rustls_pki_types::ServerName;
use serde_json::Value;

use crate::harness::node;
use crate::harness::process::Process;
use crate::harness::world::World;

/// The pods that Felix may read, below the backend's API.
pub const PODS: &str = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

/// The pods of a namespace at one of several clusters.
pub fn pods(cluster: &str, namespace: &str) -> String {
    format!("/clusters/{cluster}/proxy/api/v1/namespaces/{namespace}/pods")
}

/// A running cluster.
pub struct Cluster {
    /// Its https address.
    pub url: String,
    /// Its CA.
    pub ca_file: PathBuf,
    process: Process,
}

impl Cluster {
    /// Starts one that trusts this issuer.
    pub fn start(world: &World, issuer: &str) -> Self {
        Self::start_with(world, issuer, &[])
    }

    /// Starts one that offers HTTP/2, as API servers do.
    pub fn start_with_http2(world: &World, issuer: &str) -> Self {
        Self::start_with(world, issuer, &["--http2"])
    }

    /// Starts one with more arguments.
    pub fn start_with(world: &World, issuer: &str, more: &[&str]) -> Self {
        let ca_file = world.file("cluster-ca.pem");
        let arguments =
            ["--issuer", issuer, "--client-id", "kubernetes", "--ca-out", ca_file.to_str().unwrap()];
        let arguments = [&arguments[..], more].concat();
        let (process, announcement) = node::serve(world, "cluster", "cluster/cluster.mjs", &arguments);
        Self { url: announcement["url"].as_str().map(str::to_owned).unwrap(), ca_file, process }
    }

    /// Stops it (SIGSTOP): its connections stay open, and nothing comes any more.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Changes the first pod of each namespace: an event for each watch, a line for each followed log.
    pub fn touch(&self) {
        // A second call finds the first one's provider, which is the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let tls = outbound::trusting_only(&self.ca_file).unwrap();
        let address = self.url.strip_prefix("https://").unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connection = rustls::ClientConnection::new(tls, name).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address).unwrap());
        stream
            .write_all(b"POST /control/touch HTTP/1.1\r\nhost: cluster\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
    }
}

/// The names of the items of a list.
pub fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
}
