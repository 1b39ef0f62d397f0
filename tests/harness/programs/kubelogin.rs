//! The real kubelogin (`github.com/int128/kubelogin`), as a kubeconfig runs it.

use std::path::PathBuf;
use std::process::Command;

use crate::harness::clients::api::{Answer, agent};
use crate::harness::peers::idp::Idp;
use crate::harness::process::Process;
use crate::harness::world::{World, repository};

/// What kubectl tells a credential plugin.
const EXEC_INFO: &str = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#;

/// kubelogin of the user of a test. It names no organization.
pub struct Kubelogin {
    program: PathBuf,
    issuer: String,
    home: PathBuf,
}

impl Kubelogin {
    /// Of that user, at that identity provider. Every target that runs these tests has it built.
    pub fn of(world: &World, idp: &Idp) -> Self {
        let program = repository().join("target/tools/kubectl/kubelogin");
        assert!(program.exists(), "kubelogin is not built: make setup FOR=program builds it");
        Self { program, issuer: idp.issuer.clone(), home: world.home.path().to_owned() }
    }

    /// Its cache.
    pub fn folder(&self) -> PathBuf {
        self.home.join(".kube/cache/oidc-login")
    }

    /// The names in its cache that end so.
    pub fn files(&self, are_locks: bool) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder()).into_iter().flatten().flatten().map(|file| file.path());
        files.filter(|path| path.extension().is_some_and(|end| end == "lock") == are_locks).collect()
    }

    /// Starts `get-token` with more flags. What it prints is a token, and no test's output.
    pub fn start(&self, more: &[&str]) -> Process {
        let mut command = Command::new(&self.program);
        command.env_clear().env("HOME", &self.home).env("KUBERNETES_EXEC_INFO", EXEC_INFO);
        command.args(["get-token", "--skip-open-browser", "--listen-address=127.0.0.1:8000"]);
        command.args(["--oidc-redirect-url=http://localhost:8000/", "--oidc-client-id=kubernetes"]);
        command.arg(format!("--oidc-issuer-url={}", self.issuer));
        command.arg("--oidc-extra-scope=profile,email,offline_access");
        // One alone: kubelogin names an entry by a hash over them in an order of chance, and so does not find it again with several.
        command.arg("--oidc-auth-request-extra-params=prompt=consent");
        Process::start("kubelogin", command.args(more), self.home.join("kubelogin.log"))
    }

    /// Waits until it wants its user to log in; it holds the lock then.
    pub fn wait_for_login(process: &Process) {
        process.wait_for_line("Please visit the following URL in your browser");
    }

    /// Logs in, as its user would with a browser.
    pub fn log_in(idp: &Idp, login: &str) {
        let get = |url: &str| Answer::read(agent().get(url).call().unwrap());
        let sent = get("http://localhost:8000/");
        let redirect = idp.log_in(sent.header("location").expect("kubelogin leads nowhere"), login);
        assert_eq!(get(&redirect).status, 200);
    }

    /// Logs in for the first time, or again.
    pub fn get_token_with_login(&self, idp: &Idp, login: &str, more: &[&str]) {
        let mut process = self.start(more);
        Self::wait_for_login(&process);
        Self::log_in(idp, login);
        assert_eq!(process.wait().code(), Some(0), "{}", process.printed());
    }

    /// Gets a token without a login; fails where it asks for one.
    pub fn get_token(&self, more: &[&str]) {
        let mut process = self.start(more);
        process.wait_for("a credential", |line| {
            assert!(!line.contains("Please visit"), "kubelogin asks for a login");
            line.contains("\"ExecCredential\"").then_some(())
        });
        assert_eq!(process.wait().code(), Some(0));
    }
}
