//! Watches and followed logs arrive while they are open, and end with their callers.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::Connected;
use crate::harness::clients::api::agent;
use crate::harness::peers::cluster::PODS;

/// Opens a stream through the proxy.
pub fn open(connected: &Connected, path: &str) -> BufReader<impl Read + use<>> {
    let url = format!("{}/api/cluster-auth{path}", connected.backend.url);
    let answer = agent().get(&url).call().unwrap();
    assert_eq!(answer.status(), 200);
    BufReader::new(answer.into_body().into_reader())
}

fn next_line(stream: &mut impl BufRead) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

pub fn next_event(stream: &mut impl BufRead) -> String {
    let event: Value = serde_json::from_str(&next_line(stream)).unwrap();
    format!("{} {}", event["type"], event["object"]["metadata"]["name"]).replace('"', "")
}

/// Waits until the cluster has that many streams open.
pub fn wait_until_open(connected: &Connected, count: u64) {
    let told = connected.api.get(&format!("/clusters/dev/proxy/control/streams?open={count}"));
    assert_eq!(told.json["open"], count, "{}", told.text);
}

#[test]
fn a_watch_tells_of_a_change_while_it_is_open() {
    let connected = Connected::new("proxy_watch");
    let mut watch = open(&connected, &format!("{PODS}?watch=true"));
    assert_eq!([next_event(&mut watch), next_event(&mut watch)], ["ADDED web-0", "ADDED web-1"]);
    for _ in 0..2 {
        connected.here.cluster.touch();
        assert_eq!(next_event(&mut watch), "MODIFIED web-0");
    }
    wait_until_open(&connected, 1);
    drop(watch);
    wait_until_open(&connected, 0);
}

#[test]
fn a_followed_log_goes_on_line_by_line() {
    let connected = Connected::new("proxy_follow");
    let mut log = open(&connected, &format!("{PODS}/web-0/log?follow=true&tailLines=1"));
    assert_eq!(next_line(&mut log), "web-0 ready");
    wait_until_open(&connected, 1);
    connected.here.cluster.touch();
    let mut lines = std::iter::from_fn(|| Some(next_line(&mut log)));
    assert!(lines.by_ref().take(10).any(|line| line == "web-0 touched"));
}

#[test]
fn a_watch_that_the_cluster_ends_is_over() {
    let connected = Connected::new("proxy_watch_ends");
    let mut watch = open(&connected, &format!("{PODS}?watch=true&timeoutSeconds=1&labelSelector=app%3Dnone"));
    assert_eq!(next_line(&mut watch), "");
}
