//! The identity rule `email` and domains with letters beyond a to z, in either form on either side.

use crate::harness::deployment::Deployment;

#[test]
fn both_forms_of_a_domain_are_one() {
    let here = Deployment::new("email_domains");
    let status = |configured: &str, login: &str| {
        let plan = here.plan.clone().with("IDENTITY_EMAIL_DOMAINS", configured);
        let (_backend, api) = here.start_as(&plan);
        api.attempt_log_in(&here.idp, login).status
    };
    for configured in ["bäckerei.example", "example.org, XN--bckerei-5wa.example"] {
        for login in ["umlaut", "punycode"] {
            assert_eq!(status(configured, login), 200, "{configured} {login}");
        }
        assert_eq!(status(configured, "felix"), 403, "{configured}");
    }
}
