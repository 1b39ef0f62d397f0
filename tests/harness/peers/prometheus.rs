//! Debian's Prometheus, which scrapes what it is told to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::clients::api::agent;
use crate::harness::process::Process;
use crate::harness::world::{World, free_port};

/// Longer than a scrape takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A running Prometheus.
pub struct Prometheus {
    url: String,
    _process: Process,
}

impl Prometheus {
    /// Scrapes these addresses, each under its job's name, as often as it can.
    pub fn start(world: &World, jobs: &[(&str, &str)]) -> Self {
        let mut configuration =
            "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n".to_owned();
        for (job, address) in jobs {
            let target = address.trim_start_matches("http://");
            writeln!(configuration, "- job_name: {job}\n  static_configs: [{{ targets: ['{target}'] }}]")
                .unwrap();
        }
        let (file, port) = (world.file("prometheus.yml"), free_port());
        std::fs::write(&file, configuration).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.tsdb.path={}", world.file("prometheus").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let process = Process::start("prometheus", &mut command, world.file("prometheus.dev.log"));
        process.wait_for_line("Server is ready to receive web requests");
        Self { url: format!("http://127.0.0.1:{port}"), _process: process }
    }

    /// All series of a job with this prefix, once the awaited one has been scraped from it: names, and the labels that we
    /// gave them.
    pub fn series(&self, job: &str, prefix: &str, awaited: &str) -> BTreeMap<String, Vec<String>> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let series = self.query(&format!("{{job=\"{job}\", __name__=~\"{prefix}.*\"}}"));
            if series.iter().any(|labels| labels["__name__"] == awaited) {
                return names_and_labels(&series);
            }
            assert!(Instant::now() < deadline, "{awaited} was not scraped from {job}: {series:?}");
            std::thread::yield_now();
        }
    }

    fn query(&self, selector: &str) -> Vec<Value> {
        let url = format!("{}/api/v1/series", self.url);
        let mut answer = agent().get(url).query("match[]", selector).call().unwrap();
        let answer: Value = answer.body_mut().read_json().unwrap();
        answer["data"].as_array().unwrap().clone()
    }
}

/// Without what Prometheus adds: `job`, `instance`, and a histogram's three series and `le`.
fn names_and_labels(series: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for labels in series {
        let labels = labels.as_object().unwrap();
        let name = labels["__name__"].as_str().unwrap();
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|part| name.strip_suffix(part).filter(|name| name.ends_with("_seconds")))
            .unwrap_or(name);
        let own =
            labels.keys().filter(|label| !matches!(label.as_str(), "__name__" | "job" | "instance" | "le"));
        found.insert(name.to_owned(), own.cloned().collect());
    }
    found
}
