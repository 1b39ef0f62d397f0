//! The real kubectl, with a context that `kubeconfig` has written: through the backend to a cluster, as a user.

mod twenty;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use backstage_oidc_helper::random::sha256;
use serde_json::{Value, json};

use super::Tabs;
use crate::harness::deployment::Deployment;
use crate::harness::network::far_backend::FarBackend;
use crate::harness::network::ingress::Ingress;
use crate::harness::peers::backstage::{Backstage, SignedIn};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::command::Ended;
use crate::harness::programs::confirmed::{have_confirmed, write_privately};
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::world::World;

const CONTEXT: &str = "dev@10.66.0.1";

/// A Backstage with a backend and clusters of it, at an https address.
struct Portal {
    here: Deployment<Idp, (), Cluster>,
    backend: Backend,
    backstage: Backstage,
    far: FarBackend,
    felix: SignedIn,
    file: PathBuf,
}

impl Portal {
    fn start(test: &str) -> Self {
        Self::of_clusters(test, &["dev", "prod"])
    }

    /// Felix has a login at the first of them.
    fn of_clusters(test: &str, clusters: &[&str]) -> Self {
        let (here, backstage) = Deployment::beside_backstage(test, &["--oauth-client"]);
        let here = here.with_cluster();
        let plan = here.plan.clone().with("BACKSTAGE_APP_URL", &backstage.url);
        let backend = plan.with_clusters_named(&here.world, clusters).start();
        let felix = backstage.sign_in(&here.world, "felix");
        let ingress = Ingress::start(&backend.url, &backstage.url);
        let far = FarBackend::new(&here.world, &ingress.url.replace("localhost", "127.0.0.1"));
        let file = here.world.home.path().join("kube/config");
        let portal = Self { here, backend, backstage, far, felix, file };
        portal.log_in_to(clusters[0]);
        portal
    }

    fn log_in_to(&self, cluster: &str) {
        let api = self.here.api(&self.backend).with_bearer(&self.felix.user_token);
        api.log_in_to(&self.here.idp, cluster, "felix");
    }

    fn world(&self) -> &World {
        &self.here.world
    }

    fn plan(&self) -> HelperPlan {
        let file = self.file.to_str().unwrap();
        self.far.command(self.world(), "kubeconfig").with("KUBECONFIG", file).with("RUST_LOG", "warn")
    }

    fn kubeconfig(&self, plan: HelperPlan) -> Ended {
        Ended::of(&mut plan.into_command(), self.world())
    }

    /// Felix's sign-in, as a login at that backend has kept it.
    fn keep_sign_in(&self) {
        let url = &self.far.url;
        let kept = json!({
            "backstageUrl": url,
            "clientId": "backstage-oidc-helper",
            "accessToken": self.felix.user_token,
            "expiresAt": "2999-01-01T00:00:00Z",
        });
        let name = sha256(format!("{url}\nbackstage-oidc-helper").as_bytes());
        write_privately(self.world(), &format!("backstage-{name}.json"), &kept.to_string());
    }

    fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_at(CONTEXT, arguments)
    }

    fn kubectl_at(&self, context: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("kubectl");
        command.env_clear().env("PATH", std::env::var("PATH").unwrap()).env("KUBECONFIG", &self.file);
        command.env("HOME", self.world().home.path()).args(["--context", context]).args(arguments);
        command.output().unwrap()
    }
}

fn content(file: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn kubectl_gets_a_users_pods_through_the_portal_and_signs_in_with_get_token() {
    let portal = Portal::start("kubectl_contexts");
    // What was never confirmed is not written, since the terminal of this test cannot answer.
    let unconfirmed = portal.kubeconfig(portal.plan().argument("--cluster").argument("dev"));
    assert_eq!(unconfirmed.code, Some(1), "{}", unconfirmed.err);
    assert!(unconfirmed.err.contains("was never confirmed") && !portal.file.exists(), "{}", unconfirmed.err);
    portal.far.assert_only_asked_for_info("before the confirmation");
    have_confirmed(portal.world(), &[&portal.far.url]);

    let which = portal.kubeconfig(portal.plan());
    assert_eq!(which.code, Some(2));
    assert!(which.err.contains("--all: dev, prod.") && !portal.file.exists(), "{}", which.err);
    let dry = portal.kubeconfig(portal.plan().argument("--cluster").argument("dev").argument("--dry-run"));
    assert_eq!(dry.code, Some(0), "{}", dry.err);
    assert!(!portal.file.exists() && dry.err.contains("Nothing is written"), "{}", dry.err);
    let written =
        portal.kubeconfig(portal.plan().argument("--cluster").argument("dev").argument("--current"));
    assert_eq!(written.code, Some(0), "{}", written.err);
    assert!(written.out.contains(&format!("kubectl --context {CONTEXT} get pods")), "{}", written.out);
    let all = portal.kubeconfig(portal.plan().argument("--all"));
    assert_eq!(all.code, Some(0), "{}", all.err);
    let kubeconfig = content(&portal.file);
    let names = |list: &str| {
        let items = kubeconfig[list].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("contexts"), [CONTEXT, "prod@10.66.0.1"]);
    assert_eq!(
        (names("clusters"), names("users")),
        (names("contexts"), vec!["backstage@10.66.0.1".to_owned()])
    );
    assert_eq!(kubeconfig["current-context"], CONTEXT);
    let cluster = &kubeconfig["clusters"][0]["cluster"];
    assert_eq!(cluster["server"], "https://10.66.0.1/api/cluster-auth/clusters/dev/proxy");
    assert_eq!(cluster["certificate-authority"], portal.far.ca_file());

    // Without a sign-in, kubectl's person reads the sentence; with one, the pods.
    let tabs = Tabs::new(portal.world());
    let refused = portal.kubectl(&["get", "pods", "-n", "team-a"]);
    let said = text(&refused.stderr);
    assert!(said.contains("You are not signed in to Backstage") && said.contains("exit code 1"), "{said}");
    portal.keep_sign_in();
    let pods = portal.kubectl(&["get", "pods", "-n", "team-a", "-o", "name"]);
    let (out, said) = (text(&pods.stdout), text(&pods.stderr));
    assert!(
        pods.status.success() && out.lines().all(|line| line.starts_with("pod/")) && !out.is_empty(),
        "{out}{said}"
    );
    // Another team's are the cluster's to refuse, in its own words, as Felix.
    let foreign = portal.kubectl(&["get", "pods", "-n", "team-b"]);
    assert!(text(&foreign.stderr).contains("forbidden"), "{}", text(&foreign.stderr));
    assert_eq!(tabs.opened(), [""; 0]);
    drop(portal.backstage);
}

#[test]
fn what_kubectl_has_written_stays_and_kubectl_reads_what_is_added() {
    let portal = Portal::start("kubectl_merged");
    have_confirmed(portal.world(), &[&portal.far.url]);
    std::fs::create_dir_all(portal.file.parent().unwrap()).unwrap();
    let kubectl = |arguments: &[&str]| {
        let mut command = Command::new("kubectl");
        let output =
            command.args(["--kubeconfig", portal.file.to_str().unwrap()]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    kubectl(&["config", "set-cluster", "old", "--server", "https://1.2.3.4", "--insecure-skip-tls-verify"]);
    kubectl(&["config", "set-credentials", "yes", "--token", "0123"]);
    kubectl(&["config", "set-context", "on", "--cluster", "old", "--user", "yes", "--namespace", "1e3"]);
    kubectl(&["config", "use-context", "on"]);
    let before = std::fs::read_to_string(&portal.file).unwrap();
    let added = portal.kubeconfig(portal.plan().argument("--all"));
    assert_eq!(added.code, Some(0), "{}", added.err);
    let after = std::fs::read_to_string(&portal.file).unwrap();
    let mut lines = after.lines();
    assert!(before.lines().all(|line| lines.any(|other| other == line)), "{before}\n{after}");
    assert_eq!(kubectl(&["config", "current-context"]).trim(), "on");
    let contexts = kubectl(&["config", "get-contexts", "-o", "name"]);
    assert_eq!(contexts.lines().collect::<Vec<_>>(), [CONTEXT, "on", "prod@10.66.0.1"]);

    // kubectl writes it in its own way; what a person has set there stays, and so does the rest of its words.
    kubectl(&["config", "set-context", CONTEXT, "--namespace", "team-a"]);
    let again = portal
        .kubeconfig(portal.plan().argument("--all").argument("--tls-server-name").argument("b.example"));
    assert_eq!(again.code, Some(0), "{}", again.err);
    let view: Value = serde_json::from_str(&kubectl(&["config", "view", "--raw", "-o", "json"])).unwrap();
    let named = |list: &str, name: &str| {
        view[list].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone()
    };
    assert_eq!(named("contexts", CONTEXT)["context"]["namespace"], "team-a");
    assert_eq!(named("clusters", CONTEXT)["cluster"]["tls-server-name"], "b.example");
    assert_eq!(named("users", "yes")["user"]["token"], "0123");
    assert_eq!(named("contexts", "on")["context"]["namespace"], "1e3");

    // What is broken is named, and stays; so does what plain http would lead to.
    std::fs::write(&portal.file, "users: {\n").unwrap();
    for more in [&[][..], &["--dry-run"]] {
        let plan =
            more.iter().fold(portal.plan().argument("--all"), |plan, argument| plan.argument(argument));
        let broken = portal.kubeconfig(plan);
        assert_eq!(
            (broken.code, std::fs::read_to_string(&portal.file).unwrap().as_str()),
            (Some(1), "users: {\n")
        );
        assert!(broken.err.contains("is no kubeconfig that can be read"), "{}", broken.err);
    }
    let http = HelperPlan::of_command(portal.world(), "kubeconfig", "http://localhost:7007")
        .with("RUST_LOG", "warn");
    let http = portal.kubeconfig(http);
    assert_eq!(http.code, Some(2), "{}", http.err);
    let own_image = portal.kubeconfig(portal.plan().argument("--all").with("IN_CONTAINER", "true"));
    assert_eq!(own_image.code, Some(2), "{}", own_image.err);
}
