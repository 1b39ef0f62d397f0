//! `GET /info` tells anyone what is public, and nothing that only the backend knows.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// A backend with these settings, which itself reaches Backstage at `http://backstage:7007`, and what it says.
fn info(world: &World, settings: &[(&str, &str)]) -> (Value, Backend) {
    let plan = BackendPlan::new(world, "https://idp.example.com/")
        .with("BACKSTAGE_URL", "http://backstage:7007")
        .with("INSECURE_HTTP_HOSTS", "backstage");
    told_by(world, &settings.iter().fold(plan, |plan, (name, value)| plan.with(name, value)))
}

fn told_by(world: &World, plan: &BackendPlan) -> (Value, Backend) {
    let backend = plan.start();
    let answer = backend.api(world).get("/info");
    assert_eq!(answer.status, 200, "{}", answer.text);
    (answer.json, backend)
}

#[test]
fn it_names_backstage_as_browsers_reach_it() {
    let world = World::new("info_public");
    let issuer = ("BACKSTAGE_ISSUER", "https://api.example.com/portal/api/auth");
    let apps = ("BACKSTAGE_APP_URL", "https://portal.example.com/,https://other.example.com");
    let public = ("BACKSTAGE_PUBLIC_URL", "https://public.example.com/");
    for (settings, backstage, app) in [
        (&[public, issuer, apps][..], "https://public.example.com", "https://portal.example.com"),
        (&[issuer, apps], "https://api.example.com/portal", "https://portal.example.com"),
        (
            &[("BACKSTAGE_ISSUER", "https://elsewhere.example.com"), apps],
            "https://portal.example.com",
            "https://portal.example.com",
        ),
        (&[apps], "https://portal.example.com", "https://portal.example.com"),
        // App and backend have one address, unless the settings say otherwise.
        (&[public], "https://public.example.com", "https://public.example.com"),
    ] {
        let (told, _) = info(&world, settings);
        assert_eq!(
            (&told["backstageUrl"], &told["appUrl"]),
            (&json!(backstage), &json!(app)),
            "{settings:?}"
        );
        assert!(!told.to_string().contains("backstage:7007"), "{told}");
    }
}

#[test]
fn the_operator_is_warned_where_only_the_backends_own_address_is_known() {
    const WARNING: &str = "GET /info tells everybody BACKSTAGE_URL";
    let world = World::new("info_warning");
    info(&world, &[]).1.process.wait_for_line(WARNING);
    let (_, mut named) = info(&world, &[("BACKSTAGE_APP_URL", "https://portal.example.com")]);
    named.process.signal(Signal::SIGTERM);
    named.process.wait();
    assert!(!named.process.printed().contains(WARNING));
}

/// A backend where nothing is of development, unless the settings say so.
fn in_production(world: &World, settings: &[(&str, &str)]) -> (Value, Backend) {
    let plan = BackendPlan::new(world, "https://idp.example.com/")
        .without("CLUSTER_AUTH_DEV_USER")
        .with("INSECURE_HTTP_HOSTS", "backstage");
    told_by(world, &settings.iter().fold(plan, |plan, (name, value)| plan.with(name, value)))
}

#[test]
fn an_inner_address_is_not_told() {
    let world = World::new("info_inner");
    for inner in [
        "http://localhost:7007",
        "http://backstage:7007",
        "https://10.0.0.5",
        "https://backstage.portal.svc",
        "https://backstage.portal.svc.cluster.local",
        "https://backstage.corp.internal",
    ] {
        let (told, backend) = in_production(&world, &[("BACKSTAGE_URL", inner)]);
        assert_eq!((&told["backstageUrl"], &told["appUrl"]), (&json!(""), &json!("")), "{inner}");
        let warning = backend.process.wait_for_line("GET /info names no Backstage");
        assert!(warning.contains("set BACKSTAGE_PUBLIC_URL") && warning.contains("BACKSTAGE_APP_URL"));
    }
    let inner_issuer =
        [("BACKSTAGE_URL", "http://backstage:7007"), ("BACKSTAGE_ISSUER", "http://backstage:7007/api/auth")];
    let (told, _) = in_production(&world, &inner_issuer);
    assert_eq!(told["backstageUrl"], "");
    // Where the app has a public one, that is told.
    let app = ("BACKSTAGE_APP_URL", "https://portal.example.com");
    let (told, _) = in_production(&world, &[&inner_issuer[..], &[app]].concat());
    assert_eq!(told["backstageUrl"], "https://portal.example.com");
}

#[test]
fn what_is_told_for_want_of_another_address_is_warned_of() {
    let world = World::new("info_fallback");
    for settings in [
        &[("BACKSTAGE_URL", "https://backstage.example.com")][..],
        // A browser that reaches this provider reaches Backstage, too.
        &[
            ("BACKSTAGE_URL", "https://backstage.corp.internal"),
            ("OIDC_ISSUER_URL", "https://sso.corp.internal/"),
        ],
        &[("BACKSTAGE_URL", "http://localhost:7007"), ("OIDC_ISSUER_URL", "http://localhost:9000/")],
    ] {
        let (told, backend) = in_production(&world, settings);
        assert_eq!((&told["backstageUrl"], &told["appUrl"]), (&json!(settings[0].1), &json!(settings[0].1)));
        let warning = backend.process.wait_for_line("GET /info tells everybody BACKSTAGE_URL");
        assert!(warning.contains("set BACKSTAGE_PUBLIC_URL"), "{warning}");
    }
}

#[test]
fn each_cluster_has_its_own_redirect_uri() {
    let world = World::new("info_redirect_uri");
    let (told, _) = info(&world, &[("OIDC_REDIRECT_URI", "http://localhost:8000")]);
    let fields: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["appUrl", "backstageUrl", "clusters", "redirectUri", "version"]);
    let cluster = json!({
        "name": "dev",
        "title": "dev",
        "issuer": "https://idp.example.com/",
        "redirectUri": "http://localhost:8000",
    });
    assert_eq!(
        (&told["redirectUri"], &told["clusters"]),
        (&json!("http://localhost:8000"), &json!([cluster]))
    );
}
