//! When nothing is opened, and when nothing is sent.

use super::{AT_TERMINAL, NO_TERMINAL, Run, Tabs};
use crate::harness::network::far_backend::FarBackend;
use crate::helper::sign_in::Installation;

const V1ALPHA1: &str =
    r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1","spec":{}}"#;

#[test]
fn nothing_is_opened_without_a_terminal_or_a_browser_and_the_sentence_says_what_to_do() {
    let here = Installation::new("kubectl_not_asked");
    let tabs = Tabs::new(&here.world);
    let before = here.ingress.asked_backstage();
    let plan = || here.get_token().with("BROWSER", tabs.program());
    let words = ["interactiveMode Never", "login --backend http://localhost:", "BACKSTAGE_TOKEN"];
    let said = here.run_get_token(plan(), NO_TERMINAL).fails(1, &words);
    assert_eq!(said.lines().count(), 1, "{said}");
    let nowhere = here.run_get_token(here.get_token(), AT_TERMINAL).fails(1, &["no browser can be opened"]);
    assert_eq!(nowhere.lines().count(), 1, "{nowhere}");
    here.run_get_token(plan(), V1ALPHA1).fails(2, &["v1alpha1", "kubeconfig"]);
    let homeless = here.get_token().with("BROWSER", tabs.program()).with("HOME", "/proc");
    here.run_get_token(homeless, AT_TERMINAL).fails(1, &["/proc/.local"]);
    assert_eq!(here.ingress.asked_backstage(), before);
    assert_eq!(tabs.opened(), [""; 0]);

    // Where the person wants the link alone, it is printed. A Backstage that does not know kubectl's redirect URI is named with it.
    let mut run = here.run_get_token(here.get_token().argument("--no-browser"), AT_TERMINAL);
    run.link();
    run.process.kill();
    let other = plan().argument("--client-id").argument("another");
    let uri = "http://localhost:18000/backstage/callback";
    here.run_get_token(other, AT_TERMINAL).fails(1, &["Backstage has no client another", uri]);
    assert_eq!(tabs.opened(), [""; 0]);
}

#[test]
fn a_backend_that_was_never_confirmed_is_sent_nothing_and_nothing_is_asked() {
    let here = Installation::new("kubectl_far");
    let far = FarBackend::new(&here.world, &here.ingress.url.replace("localhost", "127.0.0.1"));
    let tabs = Tabs::new(&here.world);
    for token in [None, Some("a.given.token")] {
        let plan = far.command(&here.world, "get-token").with("BROWSER", tabs.program());
        let plan = token.into_iter().fold(plan, |plan, token| plan.with("BACKSTAGE_TOKEN", token));
        // With the same certificates, without which that login would fail.
        let login = format!("login --backend https://10.66.0.1:443 --ca-file {} first", far.ca_file());
        let words = ["was never confirmed on this machine", login.as_str()];
        Run::start(plan, &here.world, AT_TERMINAL).fails(1, &words);
    }
    assert_eq!(far.asked(), [""; 0]);
    assert_eq!(tabs.opened(), [""; 0]);
}
