//! Signing in to a Backstage that is not on loopback and was never confirmed on this machine: the user confirms it first.

use url::Url;

use super::{Installation, get, location, path_of};
use crate::harness::network::far_backend::FarBackend;
use crate::harness::programs::proxy_program::{Visitor, outcome};

/// Backstage's own address for an authorize request that was meant for the far one.
fn at_backstage(here: &Installation, authorize_url: &str) -> String {
    let url = Url::parse(authorize_url).unwrap();
    format!("{}{}?{}", here.backstage.url, url.path(), url.query().unwrap())
}

#[test]
fn no_link_to_its_authorize_exists_before_the_click() {
    let here = Installation::new("sign_in_far");
    let far = FarBackend::new(&here.world, &here.ingress.url.replace("localhost", "127.0.0.1"));
    let felix = here.backstage.sign_in(&here.world, "felix");
    let mut helper = far.login(&here.world).start();
    let mut visitor = Visitor::new(&here.world, "http://localhost:8000");
    assert_eq!(outcome(&visitor.get(path_of(&helper.link))), "confirm-backend");
    far.assert_only_asked_for_info("before the click");

    let sign_in = visitor.press_button(path_of(&helper.link));
    let asked = far.asked();
    assert!(asked[0].starts_with("POST /api/cluster-auth/register -"), "{asked:?}");
    assert!(asked[1].starts_with("GET /api/auth/v1/authorize?"), "{asked:?}");
    let (authorize_url, cookie) = here.follow(&sign_in);
    assert!(authorize_url.starts_with(&format!("{}/api/auth/v1/authorize?", far.url)), "{authorize_url}");
    let authorize_url = at_backstage(&here, &authorize_url);
    let callback = here.backstage.consent(&here.world, &authorize_url, &felix, "approve");
    let answer = get(path_of(&callback), &cookie);
    here.log_in(&mut helper, location(&answer));
    here.note_kept();

    // The kept sign-in is sent there again without a question.
    let mut again = far.login(&here.world).start();
    let link = again.link.clone();
    here.log_in(&mut again, &link);
}
