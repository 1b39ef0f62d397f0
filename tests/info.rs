//! `GET /info` tells anyone what is public, and nothing that only the backend knows.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::harness::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// A backend with these settings, whose own way to Backstage is `http://backstage:7007`, and what it says.
fn info(world: &World, settings: &[(&str, &str)]) -> (Value, Backend) {
    let plan = BackendPlan::new(world, "https://idp.example.com/")
        .with("BACKSTAGE_URL", "http://backstage:7007")
        .with("INSECURE_HTTP_HOSTS", "backstage");
    let plan = settings.iter().fold(plan, |plan, (name, value)| plan.with(name, value));
    let backend = plan.start();
    let answer = backend.api(world).get("/info");
    assert_eq!(answer.status, 200, "{}", answer.text);
    (answer.json, backend)
}

#[test]
fn it_names_backstage_as_everybody_else_reaches_it() {
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
