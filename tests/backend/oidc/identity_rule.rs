//! The identity rule `email` and domains with letters beyond a to z, in either form on either side.

use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::World;

#[test]
fn both_forms_of_a_domain_are_one() {
    let world = World::new("email_domains");
    let idp = Idp::start(&world);
    let status = |configured: &str, login: &str| {
        let backend =
            BackendPlan::new(&world, &idp.issuer).with("IDENTITY_EMAIL_DOMAINS", configured).start();
        let api = backend.api(&world);
        let session = api.register();
        api.exchange(&session, &idp.log_in(&session.auth_url, login)).status
    };
    for configured in ["bäckerei.example", "example.org, XN--bckerei-5wa.example"] {
        for login in ["umlaut", "punycode"] {
            assert_eq!(status(configured, login), 200, "{configured} {login}");
        }
        assert_eq!(status(configured, "felix"), 403, "{configured}");
    }
}
