//! At many identity providers one revoked token ends all that its person has at the client: nothing is revoked while another login of the
//! same person is kept, of whichever user and at whichever cluster.

use serde_json::json;

use super::{assert_answer, until_counted, wait_for_audit};
use crate::harness::clients::api::Api;
use crate::harness::deployment::{Deployment, OnRedis};
use crate::harness::programs::backend::Backend;

/// An identity provider as Keycloak and Google are.
fn deploy(test: &str) -> OnRedis {
    Deployment::with_idp_arguments(test, &["--revocation-ends", "person"]).with_redis()
}

/// Also refreshed once more, so that no login lives on an ID token alone.
#[track_caller]
fn assert_connected(here: &OnRedis, api: &Api, refresh_token: &str) {
    assert_eq!(api.cluster_status()["connected"], true);
    here.assert_alive(refresh_token);
}

#[test]
fn a_second_login_of_the_same_person_revokes_nothing_and_its_end_does() {
    let here = deploy("other_logins_second");
    let (backend, api) = here.start();
    here.log_in(&api);
    let second = here.log_in(&api);
    assert_eq!(here.idp.revocations(), 0);
    assert_connected(&here, &api, &second);
    assert_answer(&api.delete("/tokens"), &["dev"], &[]);
    until_counted(&backend, "revoked", 1);
    assert_eq!(here.idp.revocations(), 1);
}

#[test]
fn of_two_clusters_with_one_client_the_last_login_is_revoked() {
    let here = deploy("other_logins_clusters").with_clusters_named(&["dev", "prod"]);
    let (backend, api) = here.start();
    here.log_in_to(&api, "dev", "felix");
    let at_prod = here.log_in_to(&api, "prod", "felix");
    assert_answer(&api.delete("/tokens?cluster=dev"), &["dev"], &[]);
    wait_for_audit(&backend, "left_for_another_login");
    assert_eq!(here.idp.revocations(), 0);
    here.assert_alive(&at_prod);
    let newest = here.newest_refresh_token();
    assert_answer(&api.delete("/tokens?cluster=prod"), &["prod"], &[]);
    until_counted(&backend, "revoked", 1);
    here.assert_dead(&newest);
}

/// Felix logs in at the identity provider by mistake, in a login that Mara has begun.
fn refused_login(here: &OnRedis, backend: &Backend) {
    here.api(backend).attempt_log_in(&here.idp, "felix").assert_problem(403, "identity_mismatch");
}

#[test]
fn what_a_refused_login_brought_is_revoked_only_where_its_person_has_no_login() {
    let here = deploy("other_logins_refused");
    let as_mara = here.plan.clone().with("CLUSTER_AUTH_DEV_USER", "user:default/mara");
    let (_felixs, felix) = here.start();
    let maras = as_mara.start();
    let of_felix = here.log_in(&felix);
    refused_login(&here, &maras);
    until_counted(&maras, "left_for_another_login", 1);
    assert_eq!(here.idp.revocations(), 0);
    assert_connected(&here, &felix, &of_felix);
    assert_answer(&felix.delete("/tokens"), &["dev"], &[]);
    refused_login(&here, &maras);
    until_counted(&maras, "revoked", 1);
    assert_eq!(here.idp.revocations(), 2);
    here.assert_dead(&here.newest_refresh_token());
}

/// The identity provider was away when the first login went, and is back when its person has logged in again.
#[test]
fn a_revocation_that_was_put_off_is_left_for_the_login_after_it() {
    let here = deploy("other_logins_later").with("IDP_TIMEOUT", "3s");
    let (backend, api) = here.start();
    here.log_in(&api);
    here.idp.control("next", json!({ "endpoint": "revocation", "status": 503, "times": 1 }));
    assert_answer(&api.delete("/tokens"), &["dev"], &["dev"]);
    let second = here.log_in(&api);
    wait_for_audit(&backend, "left_for_another_login");
    assert_eq!(here.idp.revocations(), 1);
    assert_connected(&here, &api, &second);
}
