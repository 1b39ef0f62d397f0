//! What does not work through a proxy says what to do, in the terminal and in the backend's log.

use super::{BACKSTAGE, Site};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::helper_program::{Ending, HelperPlan};

#[test]
fn the_helper_names_what_is_in_its_way_and_what_to_do() {
    let site = Site::new("networks_sentences");
    let with_password = site.proxy.url_with_password();
    let idp = Idp::start(&site.world);
    let backend = BackendPlan::new(&site.world, &idp.issuer).with("ALLOWED_HOSTS", "backstage.test").start();
    site.serve_backstage(&backend.url);
    let status = |backend, variables: &[(&str, &str)]| site.status(backend, variables);
    let trusted = ("CA_FILE", site.ca_file());

    let none = status(BACKSTAGE, &[trusted, ("HTTPS_PROXY", "10.77.0.2:3128")]);
    none.assert(5, &["the proxy at 10.77.0.2:3128 wants credentials: put user:password into HTTPS_PROXY"]);
    let mut login = HelperPlan::new(&site.world, BACKSTAGE).with("HTTPS_PROXY", "10.77.0.2:3128").launch();
    Ending::of(&mut login).assert(5, &["the proxy at 10.77.0.2:3128 wants credentials"]);
    let wrong = status(BACKSTAGE, &[trusted, ("https_proxy", "http://helper:wrong@10.77.0.2:3128")]);
    wrong.assert(5, &["the proxy at 10.77.0.2:3128 does not accept these credentials", "HTTPS_PROXY"]);
    let away = status(BACKSTAGE, &[trusted, ("HTTPS_PROXY", "http://10.77.0.2:1")]);
    away.assert(5, &["the proxy at 10.77.0.2:1 cannot be reached", "check HTTPS_PROXY"]);
    let nowhere = status("https://nowhere.test", &[trusted, ("HTTPS_PROXY", &with_password)]);
    nowhere.assert(5, &["does not connect to nowhere.test:443", "NO_PROXY"]);
    let unknown_ca = status(BACKSTAGE, &[("HTTPS_PROXY", &with_password)]);
    unknown_ca.assert(
        5,
        &["the certificate of backstage.test is signed by a CA that is not trusted here", "--ca-file"],
    );
    let unusable = status(BACKSTAGE, &[("HTTPS_PROXY", "https://helper:hidden@proxy.test")]);
    unusable.assert(2, &["HTTPS_PROXY is no http:// address"]);
    assert!(!unusable.said.contains("hidden"), "{}", unusable.said);

    let password_file = site.world.file("proxy-url.dev.log");
    std::fs::write(&password_file, format!("{with_password}\n")).unwrap();
    let from_files =
        [("HTTPS_PROXY_FILE", password_file.to_str().unwrap()), ("SSL_CERT_FILE", site.ca_file())];
    let good = status(BACKSTAGE, &from_files);
    assert_eq!(good.code, Some(0), "{}", good.said);
    site.proxy.wait_for_tunnel_to("backstage.test:443");
}

#[test]
fn the_backends_log_names_what_is_in_its_way_and_what_to_do() {
    let site = Site::new("networks_log");
    let with_password = site.proxy.url_with_password();
    let plan = BackendPlan::new(&site.world, "https://backstage.test/");
    for (proxy, sentence) in [
        (
            "http://10.77.0.2:3128",
            "the proxy at 10.77.0.2:3128 wants credentials: put user:password into HTTPS_PROXY",
        ),
        (&with_password, "the certificate of backstage.test is signed by a CA that is not trusted here"),
    ] {
        let backend = plan.clone().with("HTTPS_PROXY", proxy).start();
        if proxy == with_password {
            site.serve_backstage(&backend.url);
        }
        let answer = backend.api(&site.world).post("/register", &serde_json::json!({}));
        answer.assert_problem(502, "idp_unreachable");
        backend.process.wait_for_line(sentence);
    }
}
