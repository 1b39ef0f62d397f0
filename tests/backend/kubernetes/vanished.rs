//! A cluster that vanishes with its machine or network sends nothing any more, not even the end of the connection. And one that
//! hangs, which HTTP/2 notices though its machine keeps the connection.

use std::io::Read;

use super::Connected;
use super::canned_api::CannedApi;
use super::many_streams::gauge;
use super::streams::{next_event, open};
use crate::harness::clients::raw_http;
use crate::harness::network::far_network::{FAR, FarNetwork, NEAR, ip};
use crate::harness::peers::cluster::PODS;

const WATCH: &str =
    "GET /api/cluster-auth/clusters/dev/proxy/api/v1/pods?watch=true HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[test]
fn a_cluster_that_vanished_gives_its_watches_back() {
    let connected = Connected::new("proxy_vanished");
    let far = FarNetwork::new(&connected.here.world, &[]);
    let api = far.run(|| CannedApi::start(&format!("{FAR}:0")));
    let backend = api.backend(&connected);
    api.begins(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nevent\r\n");
    let mut watch = raw_http::begin(&backend.url, WATCH);
    let mut answer = Vec::new();
    while !answer.ends_with(b"event\r\n") {
        let mut byte = [0];
        watch.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    assert_eq!(gauge(&backend), 1);
    far.run(|| ip(&format!("route add blackhole {NEAR}/32")));
    backend.process.wait_for_line("the API server's answer was cut short");
    let mut rest = Vec::new();
    let _ = watch.read_to_end(&mut rest);
    assert_eq!((rest, gauge(&backend)), (Vec::new(), 0));
}

#[test]
fn a_cluster_that_hangs_gives_its_watches_back_over_http_2() {
    let connected = Connected::over_http2("proxy_hangs_http2");
    let mut watch = open(&connected, &format!("{PODS}?watch=true"));
    assert_eq!([next_event(&mut watch), next_event(&mut watch)], ["ADDED web-0", "ADDED web-1"]);
    connected.here.cluster.freeze();
    connected.backend.process.wait_for_line("the API server's answer was cut short");
    assert!(watch.read_to_end(&mut Vec::new()).is_err(), "a watch that was cut looks whole");
    assert_eq!(gauge(&connected.backend), 0);
}
