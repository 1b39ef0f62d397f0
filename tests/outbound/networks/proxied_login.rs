//! Logins behind a proxy: every request but those to this machine passes through it.

use std::net::TcpStream;
use std::process::Command;

use super::{BACKSTAGE, PROXY_PORT, Site};
use crate::harness::clients::api::{agent, parameter};
use crate::harness::network::far_network::{BEYOND, FAR};
use crate::harness::network::front::{Behind, Heads, serve_tls};
use crate::harness::network::tinyproxy::Tinyproxy;
use crate::harness::peers::cluster::{Cluster, names};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::confirmed::have_confirmed;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::repository;
use backstage_oidc_helper::outbound;
use rustls::HandshakeKind;

pub(super) const ISSUER: &str = "https://idp.test/";

/// An identity provider and a cluster beyond the proxy.
pub(super) struct Servers {
    _idp: Idp,
    _cluster: Cluster,
    /// What has come to the cluster's address.
    kubernetes: Heads,
}

impl Site {
    pub(super) fn servers(&self) -> Servers {
        self.far.run(|| {
            let idp = Idp::start_with(&self.world, &["--issuer", ISSUER]);
            let behind = Behind::Plain(format!("http://127.0.0.1:{}", idp.port));
            serve_tls(&format!("{BEYOND}:443"), self.ca.server("idp.test"), behind);
            let cluster = Cluster::start(&self.world, ISSUER);
            let behind = Behind::Tls(cluster.url.clone(), outbound::trusting_only(&cluster.ca_file).unwrap());
            let kubernetes = serve_tls(&format!("{BEYOND}:6443"), self.ca.server("kubernetes.test"), behind);
            Servers { _idp: idp, _cluster: cluster, kubernetes }
        })
    }

    fn plan(&self) -> BackendPlan {
        BackendPlan::new(&self.world, ISSUER)
            .with("ALLOWED_HOSTS", "backstage.test")
            .with("KUBERNETES_API_URL", "https://kubernetes.test:6443")
            .with("KUBERNETES_CA_FILE", self.ca_file())
            .with("CA_FILE", self.ca_file())
            .with("HTTPS_PROXY", &self.proxy.url_with_password())
    }

    /// Logs in as felix, somewhere else: the redirect.
    fn log_in(&self, auth_url: &str) -> String {
        self.world.ledger.note("state", &parameter(auth_url, "state"));
        let mut script = Command::new("node");
        script.arg(repository().join("dev/idp/answer-login.mjs")).args([auth_url, "felix", "login"]);
        let out = self.far.run(|| script.env("NODE_EXTRA_CA_CERTS", &self.ca.file).output().unwrap());
        assert!(out.status.success(), "no login: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }
}

#[test]
fn a_login_passes_through_a_proxy_that_wants_a_password() {
    let site = Site::new("networks_login");
    let servers = site.servers();
    assert!(TcpStream::connect((BEYOND, 443)).is_err(), "the direct way is open");
    let backend = site.plan().start();
    site.serve_backstage(&backend.url);
    let mut lost =
        HelperPlan::new(&site.world, BACKSTAGE).argument("--ca-file").argument(site.ca_file()).launch();
    Ending::of(&mut lost).assert(5, &["There is no backend to be reached"]);

    have_confirmed(&site.world, &[BACKSTAGE]);
    let mut helper = HelperPlan::new(&site.world, BACKSTAGE)
        .argument("--ca-file")
        .argument(site.ca_file())
        .with("HTTPS_PROXY", &site.proxy.url_with_password())
        .start_at_terminal("");
    let sent = agent().get(&helper.link).call().unwrap();
    let auth_url = sent.headers()["location"].to_str().unwrap().to_owned();
    site.world.ledger.note("auth_url", &auth_url);
    helper.process.type_line(&site.log_in(&auth_url));
    helper.end().assert(0, &["Connected: user:default/felix"]);

    for _ in 0..2 {
        let pods = backend.api(&site.world).get("/clusters/dev/proxy/api/v1/namespaces/team-a/pods");
        assert_eq!(pods.status, 200, "{}", pods.text);
        assert!(names(&pods.json).contains(&"web-0"), "{}", pods.text);
    }
    // Each answer there ends its connection, and the next one resumes the session.
    assert_eq!(servers.kubernetes.handshakes(), [HandshakeKind::Full, HandshakeKind::Resumed]);
    for target in ["backstage.test:443", "idp.test:443", "kubernetes.test:6443"] {
        site.proxy.wait_for_tunnel_to(target);
    }
}

#[test]
fn a_code_is_not_spent_on_a_proxy_that_is_away_nor_on_one_that_refuses() {
    let mut site = Site::new("networks_code_kept");
    let _servers = site.servers();
    let backend = site.plan().start();
    let api = backend.api(&site.world);
    // After one login the backend knows the provider's endpoints and keys: only the code's own request is left to fail.
    let first = api.register();
    assert_eq!(api.exchange(&first, &site.log_in(&first.auth_url)).status, 200);
    let session = api.register();
    let redirect = site.log_in(&session.auth_url);
    site.proxy.kill();
    api.exchange(&session, &redirect).assert_problem(502, "idp_unreachable");
    assert_eq!(api.session(&session).json["status"], "pending");
    backend.process.wait_for_line("the proxy at 10.77.0.2:3128 cannot be reached");

    let open = site.far.run(|| Tinyproxy::refusing(&site.world, FAR, PROXY_PORT));
    api.exchange(&session, &redirect).assert_problem(502, "idp_unreachable");
    assert_eq!(api.session(&session).json["status"], "pending");
    backend.process.wait_for_line("does not accept these credentials");
    drop(open);

    site.far.run(|| site.proxy.restart(&site.world));
    let answer = api.exchange(&session, &redirect);
    assert_eq!((answer.status, &answer.json["success"]), (200, &true.into()), "{}", answer.text);
}
