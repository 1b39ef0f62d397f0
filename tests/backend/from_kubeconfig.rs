//! `config from-kubeconfig`: what it makes of a kubeconfig starts a backend that logs in, and passes `config check`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::{Cluster, PODS, names};
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::command::Ended;
use crate::harness::world::{World, repository};

/// What the fixtures hold and no output may.
const HIDDEN: &str = "must-not-be-shown";

fn from_kubeconfig(world: &World, file: &Path, more: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstage-oidc-helper"));
    command.env_clear().args(["config", "from-kubeconfig"]).arg(file).args(["--files"]);
    let ended = Ended::of(command.arg(world.file("files")).args(more), world);
    assert!(!format!("{ended:?}").contains(HIDDEN), "{ended:?}");
    ended
}

fn fixture(name: &str) -> PathBuf {
    repository().join("tests/backend/from_kubeconfig").join(format!("{name}.yaml"))
}

/// The settings that were printed, and nothing else of a cluster.
fn with_printed(plan: BackendPlan, world: &World, printed: &str) -> BackendPlan {
    let bare = ["OIDC_ORGANIZATION_ID", "OIDC_EXTRA_PARAMS", "KUBERNETES_API_URL", "KUBERNETES_CA_FILE"];
    let plan = bare.iter().fold(plan, |plan, name| plan.without(name));
    if printed.contains("[[clusters]]") {
        let file = world.file("printed.toml");
        std::fs::write(&file, printed).unwrap();
        return plan.with("CONFIG_FILE", file.to_str().unwrap());
    }
    let lines = printed.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once('=').unwrap()).fold(plan, |plan, (name, value)| plan.with(name, value))
}

/// As the first users have it: `kubectl oidc-login`, an organization in the extra parameters, the cluster's own CA.
fn kubeconfig(cluster: &Cluster, issuer: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: Dev
  cluster:
    server: {}
    certificate-authority: {}
contexts:
- name: dev
  context: {{cluster: Dev, user: oidc}}
users:
- name: oidc
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: kubectl
      args:
      - oidc-login
      - get-token
      - --oidc-issuer-url={issuer}
      - --oidc-client-id=kubernetes
      - --oidc-extra-scope=email,profile
      - --oidc-auth-request-extra-params=organization=org_dev,prompt=consent
      - --oidc-redirect-url=http://localhost:8000/
",
        cluster.url,
        cluster.ca_file.file_name().unwrap().to_str().unwrap(),
    )
}

#[test]
fn what_it_writes_starts_a_backend_that_logs_in() {
    let here = Deployment::new("from_kubeconfig").with_cluster();
    let file = here.world.file("kubeconfig.yaml");
    std::fs::write(&file, kubeconfig(&here.cluster, &here.idp.issuer)).unwrap();
    let ended = from_kubeconfig(&here.world, &file, &[]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    let plan = with_printed(here.plan.clone(), &here.world, &ended.out);
    let checked = Ended::of(&mut plan.command(&["config", "check", "--online"]), &here.world);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let (_backend, api) = here.start_as(&plan);
    api.log_in(&here.idp, "felix");
    let pods = api.get(PODS);
    assert_eq!(pods.status, 200, "{}", pods.text);
    assert!(!names(&pods.json).is_empty(), "{}", pods.text);
}

#[test]
fn each_kubeconfig_of_real_life_gives_a_backend_or_a_sentence() {
    let here = Deployment::with_hostile_idp("from_kubeconfig_real_life");
    for (name, code, says) in [
        ("rackspace-spot", 0, "a fixed token"),
        ("dex", 0, "proxy-url is not carried over"),
        ("keycloak-auth-provider", 0, "the tokens in the file are not carried over"),
        ("windows", 0, "cannot be read here"),
        ("docker", 0, "insecure-skip-tls-verify"),
        ("eks", 1, "AWS IAM"),
        ("gke", 1, "docs/providers/google.md"),
        ("azure", 1, "docs/providers/entra.md"),
        ("rancher", 1, "a fixed token"),
        ("k3s", 1, "a client certificate"),
        ("empty", 1, "no context"),
        ("gone", 2, "cannot be read"),
    ] {
        let ended = from_kubeconfig(&here.world, &fixture(name), &[]);
        assert_eq!(ended.code, Some(code), "{name}: {ended:?}");
        assert!(ended.err.contains(says), "{name}: {ended:?}");
        assert_eq!(ended.out.is_empty(), code != 0, "{name}: {ended:?}");
        if code == 0 {
            // Without a rule of the test's own.
            let own = ["CLUSTER_AUTH_DEV_USER", "IDENTITY_RULE", "IDENTITY_EMAIL_DOMAINS"];
            let plan = own.iter().fold(here.plan.clone(), |plan, variable| plan.without(variable));
            let plan = with_printed(plan, &here.world, &ended.out);
            let checked = Ended::of(&mut plan.command(&["config", "check"]), &here.world);
            assert_eq!(checked.code, Some(0), "{name}: {checked:?}\n{}", ended.out);
        }
        std::fs::remove_dir_all(here.world.file("files")).ok();
    }
}
