//! The system's roots are read when a server first shows its certificate, and once.

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::json;

use super::proxied_login::ISSUER;
use super::{BACKSTAGE, Site};
use crate::harness::clients::api::until_ok;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::confirmed::have_confirmed;
use crate::harness::programs::helper_program::HelperPlan;

/// A pipe in their place keeps a reader waiting until it is written to, and is empty for the next one for ever.
#[test]
fn a_login_listens_before_it_reads_the_roots_and_reads_them_once() {
    let site = Site::new("networks_roots");
    let idp = Idp::start(&site.world);
    let backend = BackendPlan::new(&site.world, &idp.issuer).with("ALLOWED_HOSTS", "backstage.test").start();
    site.serve_backstage(&backend.url);
    have_confirmed(&site.world, &[BACKSTAGE]);
    let roots = site.world.file("roots.pipe");
    mkfifo(&roots, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let login = HelperPlan::new(&site.world, BACKSTAGE)
        .with("HTTPS_PROXY", &site.proxy.url_with_password())
        .with("SSL_CERT_FILE", roots.to_str().unwrap())
        .launch_at_terminal("");
    login.wait_for_line("listening");
    let certificates = std::fs::read(site.ca_file()).unwrap();
    std::thread::spawn(move || std::fs::write(roots, certificates).unwrap());
    // After several requests, each on a connection of its own.
    login.wait_for_line("http://localhost:8000/go/");
}

/// A process that has too many files open just then, or a bundle that is mounted late: no restart is needed.
#[test]
fn roots_that_cannot_be_read_at_first_are_read_again() {
    let site = Site::new("networks_late_roots");
    let roots = site.world.file("late-roots.pem");
    let _servers = site.servers();
    let backend = BackendPlan::new(&site.world, ISSUER)
        .with("HTTPS_PROXY", &site.proxy.url_with_password())
        .with("SSL_CERT_FILE", roots.to_str().unwrap())
        .with("SSL_CERT_DIR", "")
        .start();
    let ask = || backend.api(&site.world).post("/register", &json!({}));
    ask().assert_problem(502, "idp_unreachable");
    backend.process.wait_for_line("is signed by a CA that is not trusted here");
    std::fs::copy(site.ca_file(), &roots).unwrap();
    until_ok(ask);
}
