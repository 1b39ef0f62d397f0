//! `KUBELOGIN_CACHE_DIR`: a user without a login of their own here has the one that the real kubelogin has on this machine.

use std::time::{Duration, Instant};

use serde_json::json;

use super::get_token::{Portal, TOKEN};
use crate::harness::clients::api::{Api, until};
use crate::harness::deployment::Deployment;
use crate::harness::peers::provider::Provider;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::kubelogin::Kubelogin;

const PODS: &str = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

/// A backend that reads the cache of the user's kubelogin.
fn start<R, C>(
    here: &Deployment<crate::harness::peers::idp::Idp, R, C>,
    kubelogin: &Kubelogin,
) -> (Backend, Api) {
    let plan = here.plan.clone().with("KUBELOGIN_CACHE_DIR", kubelogin.folder().to_str().unwrap());
    let plan = plan.with("KUBELOGIN_CACHE_USER", "user:default/felix");
    here.start_as(&plan.without("OIDC_ORGANIZATION_ID"))
}

#[test]
fn its_id_token_serves_is_kept_nowhere_and_kubelogin_goes_on() {
    let here = Deployment::new("kubelogin_cache").with_redis().with_cluster();
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    let (_backend, api) = start(&here, &kubelogin);
    api.get(PODS).assert_status_object(403, "not_connected");
    assert_eq!(api.cluster_status()["connected"], false);
    kubelogin.get_token_with_login(&here.idp, "felix", &[]);
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(false)), "{status}");
    assert_eq!(status["email"], "felix@example.com");
    assert_eq!(api.get(PODS).status, 200);
    // What kubelogin has refreshed is read at the next use.
    kubelogin.get_token(&["--force-refresh"]);
    assert_eq!(api.get(PODS).status, 200);
    assert_eq!((here.idp.refreshes(), here.idp.revocations()), (1, 0));
    let disconnected = api.delete("/tokens").json["disconnected"].clone();
    assert_eq!(disconnected, json!([]), "the store has a login");
    assert_eq!(here.idp.revocations(), 0);
    // While kubelogin holds its lock, the ID token serves all the same.
    here.idp.hold_token("before");
    let mut refreshing = kubelogin.start(&["--force-refresh"]);
    here.idp.wait_held();
    assert_eq!(api.get(PODS).status, 200);
    here.idp.release();
    assert_eq!(refreshing.wait().code(), Some(0));
    for file in kubelogin.files(false) {
        std::fs::remove_file(file).unwrap();
    }
    api.get(PODS).assert_status_object(403, "not_connected");
}

#[test]
fn another_persons_login_and_a_forged_one_serve_no_one() {
    let here = Deployment::new("kubelogin_cache_refused").with_cluster();
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    let (_backend, api) = start(&here, &kubelogin);
    kubelogin.get_token_with_login(&here.idp, "mara", &[]);
    api.get(PODS).assert_status_object(403, "not_connected");
    assert_eq!(api.cluster_status()["connected"], false);
    for file in kubelogin.files(false) {
        std::fs::remove_file(file).unwrap();
    }
    kubelogin.get_token_with_login(&here.idp, "felix", &[]);
    assert_eq!(api.get(PODS).status, 200);
    let file = kubelogin.files(false).pop().unwrap();
    let content: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let token = content["id_token"].as_str().unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{signed}.{other}{}", &signature[1..]);
    std::fs::write(&file, json!({ "id_token": forged }).to_string()).unwrap();
    api.get(PODS).assert_status_object(403, "not_connected");
}

/// A provider that takes connections and says nothing does not hold up what is said of all clusters.
#[test]
fn with_a_provider_that_hangs_status_answers_all_the_same() {
    let here = Deployment::new("kubelogin_cache_hangs").with("IDP_TIMEOUT", "25s").with_cluster();
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    kubelogin.get_token_with_login(&here.idp, "felix", &[]);
    here.idp.freeze();
    let (_backend, api) = start(&here, &kubelogin);
    let asked = Instant::now();
    assert_eq!(api.cluster_status()["connected"], false);
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    here.idp.resume();
    until(|| api.get("/status"), |answer| answer.json["clusters"][0]["connected"] == true);
}

/// A login of the user's own goes first.
#[test]
fn a_login_here_goes_before_it() {
    let here = Deployment::new("kubelogin_cache_own").with_cluster();
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    let (_backend, api) = start(&here, &kubelogin);
    kubelogin.get_token_with_login(&here.idp, "felix", &[]);
    api.log_in(&here.idp, "felix");
    assert_eq!(api.cluster_status()["refreshable"], true);
    api.delete("/tokens");
    let status = api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(false)), "{status}");
}

/// The one that lasts longest is Mara's: another scope, and so another entry.
#[test]
fn of_several_logins_the_users_own_serves() {
    let here = Deployment::new("kubelogin_cache_several").with_cluster();
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    let (_backend, api) = start(&here, &kubelogin);
    here.idp.set_id_token_lifetime(1800);
    kubelogin.get_token_with_login(&here.idp, "felix", &[]);
    here.idp.set_id_token_lifetime(3600);
    kubelogin.get_token_with_login(&here.idp, "mara", &["--oidc-extra-scope=address"]);
    assert_eq!(kubelogin.files(false).len(), 2);
    assert_eq!(api.cluster_status()["email"], "felix@example.com");
    assert_eq!(api.get(PODS).status, 200);
}

/// What kubelogin keeps in the keyring leaves a lock alone.
#[test]
fn a_lock_alone_is_no_login() {
    let here = Deployment::new("kubelogin_cache_keyring").with_cluster();
    let kubelogin = Kubelogin::of(&here.world, &here.idp);
    let (_backend, api) = start(&here, &kubelogin);
    let mut process = kubelogin.start(&["--token-cache-storage=keyring"]);
    Kubelogin::wait_for_login(&process);
    api.get(PODS).assert_status_object(403, "not_connected");
    Kubelogin::log_in(&here.idp, "felix");
    process.wait();
    assert_eq!((kubelogin.files(false).len(), kubelogin.files(true).len()), (0, 1));
    api.get(PODS).assert_status_object(403, "not_connected");
    assert_eq!(api.cluster_status()["connected"], false);
}

/// The default rule. The catalog is asked with the user's own token, and what it says stands for the plugins that act for them.
#[test]
fn with_the_catalogs_rule_it_serves_once_its_user_has_called() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().to_str().unwrap();
    let portal = Portal::start("kubelogin_cache_catalog", |plan| {
        let plan = plan.with("IDENTITY_RULE", "catalog").without("OIDC_ORGANIZATION_ID");
        plan.with("KUBELOGIN_CACHE_DIR", folder).with("KUBELOGIN_CACHE_USER", "user:default/felix")
    });
    let idp = &portal.here.idp;
    let kubelogin = Kubelogin::of(&portal.here.world, idp);
    let flag = format!("--token-cache-dir={folder}");
    kubelogin.get_token_with_login(idp, "felix", &[&flag]);
    let [felix, mara] = ["felix", "mara"].map(|login| portal.sign_in(login));
    let plugin = felix.plugin_api("kubernetes", &json!({}));
    plugin.get(TOKEN).assert_problem(404, "not_connected");
    let status = felix.api.cluster_status();
    assert_eq!((&status["connected"], &status["email"]), (&json!(true), &json!("felix@example.com")));
    assert_eq!(plugin.get(TOKEN).status, 200);
    assert_eq!(mara.api.cluster_status()["connected"], false);
    mara.plugin_api("kubernetes", &json!({})).get(TOKEN).assert_problem(404, "not_connected");
    // Another person's login, though the cache is Felix's.
    let files = std::fs::read_dir(cache.path()).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| file.extension().is_none()) {
        std::fs::remove_file(file).unwrap();
    }
    kubelogin.get_token_with_login(idp, "mara", &[&flag]);
    plugin.get(TOKEN).assert_problem(404, "not_connected");
    assert_eq!(felix.api.cluster_status()["connected"], false);
}
