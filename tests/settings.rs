//! Settings that would pass silently: each is refused at the start or warned of, with its name and what to do.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::clients::api::agent;
use crate::harness::deployment::Deployment;
use crate::harness::process::Process;
use crate::harness::programs::backend::{BackendPlan, SEALING_KEY};
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::proxy_program::ProxyPlan;
use crate::harness::world::{World, free_port};

/// No server listens there; a backend asks its identity provider when it needs it.
const ISSUER: &str = "http://localhost:1/";

/// The sentence with which the program ends at once; none where it starts.
fn refusal(mut process: Process) -> Option<String> {
    let event = process.wait_for("that it listens or why it does not", |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["message"] == "listening" || event["level"] == "ERROR").then_some(event)
    });
    if event["message"] == "listening" {
        return None;
    }
    assert_eq!(process.wait().code(), Some(2), "{}", process.printed());
    Some(event["message"].as_str().unwrap().to_owned())
}

/// What is wrong with how these settings are taken; nothing where they are refused in these words.
fn fault(settings: &str, refusal: Option<&str>, words: &[&str]) -> Option<String> {
    match refusal {
        None => Some(format!("{settings}: it starts")),
        Some(sentence) => {
            let missing: Vec<_> = words.iter().filter(|word| !sentence.contains(**word)).collect();
            (!missing.is_empty()).then(|| format!("{settings}: {missing:?} are not in: {sentence}"))
        }
    }
}

/// One case that fails hides no other.
fn assert_none(faults: impl IntoIterator<Item = Option<String>>) {
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} cases fail:\n{}", faults.len(), faults.join("\n"));
}

/// The warnings about settings of a program that has started.
fn warnings(process: &Process) -> Vec<(String, String)> {
    let printed = process.printed();
    let events = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let about_settings = events.filter(|event| event["level"] == "WARN" && event["setting"].is_string());
    about_settings
        .map(|event| {
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            (text("setting"), text("message"))
        })
        .collect()
}

fn fault_of_backend(plan: &BackendPlan, variables: &[(&str, &str)], words: &[&str]) -> Option<String> {
    let plan = variables.iter().fold(plan.clone(), |plan, (name, value)| plan.with(name, value));
    fault(&format!("{variables:?}"), refusal(plan.launch()).as_deref(), words)
}

#[test]
fn a_backend_with_settings_that_do_nothing_or_harm_does_not_start() {
    let world = World::new("settings_refused");
    let plan = BackendPlan::new(&world, ISSUER);
    let api = ("KUBERNETES_API_URL", "https://kubernetes.example");
    let mut faults = Vec::new();
    for (variables, words) in [
        (
            &[("TOKEN_ENCRYPTION_KEYS", SEALING_KEY)][..],
            &["TOKEN_ENCRYPTION_KEYS", "without REDIS_URL or STORE_FILE"][..],
        ),
        (&[("OIDC_SCOPES", "profile email offline_access")], &["OIDC_SCOPES", "openid", "add it"]),
        (&[("KUBERNETES_API_URL", "https://kubernetes.example/?x=1")], &["KUBERNETES_API_URL", "query"]),
        (&[("KUBERNETES_API_URL", "https://kubernetes.example/#x")], &["KUBERNETES_API_URL", "fragment"]),
        (&[("KUBERNETES_API_URL", "https://u:p@kubernetes.example/")], &["KUBERNETES_API_URL", "user"]),
        (&[("KUBERNETES_API_URL", "https://kubernetes.example ")], &["KUBERNETES_API_URL", "white space"]),
        (&[("BACKSTAGE_URL", "https://backstage.example/?x")], &["BACKSTAGE_URL", "query"]),
        (&[("BACKSTAGE_APP_URL", "https://backstage.example/?x")], &["BACKSTAGE_APP_URL", "query"]),
        (&[("OIDC_ISSUER_URL", "https://idp.example/\n")], &["OIDC_ISSUER_URL", "white space"]),
        (
            &[("KUBERNETES_CA_FILE", "/ca.pem")],
            &["KUBERNETES_CA_FILE", "KUBERNETES_API_URL", "leave both out"],
        ),
        (&[("SESSION_LIFETIME", "0s")], &["SESSION_LIFETIME", "from 1ms"]),
        (&[("EXCHANGE_LEASE", "0s")], &["EXCHANGE_LEASE", "from 1ms"]),
        (&[("IDP_TIMEOUT", "0ms")], &["IDP_TIMEOUT", "from 1ms"]),
        (&[("SESSION_LIFETIME", "11y")], &["SESSION_LIFETIME", "to 3650d"]),
        (&[("REFRESH_LOCK_LIFETIME", "0s")], &["REFRESH_LOCK_LIFETIME"]),
        (&[("REFRESH_LOCK_LIFETIME", "14s")], &["REFRESH_LOCK_LIFETIME", "5 s longer than IDP_TIMEOUT"]),
        (&[("UNUSED_LOGIN_LIFETIME", "0s")], &["UNUSED_LOGIN_LIFETIME"]),
        (&[("EXTENSION_ORIGINS", "chrome-extension://abc/page")], &["EXTENSION_ORIGINS", "origin"]),
        (
            &[("EXTENSION_ORIGINS", "chrome-extension://a chrome-extension://b")],
            &["EXTENSION_ORIGINS", "origin"],
        ),
        (&[("ALLOWED_HOSTS", "http://backend")], &["ALLOWED_HOSTS", "http://backend"]),
        (&[("INSECURE_HTTP_HOSTS", "idp:80")], &["INSECURE_HTTP_HOSTS", "idp:80"]),
        (&[("OIDC_REDIRECT_URI", "https://portal.example/callback")], &["OIDC_REDIRECT_URI", "own machine"]),
        (&[("OIDC_REDIRECT_URI", "http://localhost:8000/start")], &["OIDC_REDIRECT_URI", "path"]),
        (&[("CONFIG_FILE", "/clusters.toml"), api], &["CONFIG_FILE", "KUBERNETES_API_URL", "[[clusters]]"]),
        (
            &[("CONFIG_FILE", "/clusters.toml"), ("CLUSTER_NAME", "eu-1"), ("USER_TOKENS", "full")],
            &["CONFIG_FILE", "CLUSTER_NAME, USER_TOKENS"],
        ),
        (&[("LISTEN", "7008")], &["LISTEN", "a port alone", "127.0.0.1:7008"]),
        (&[("CONTROL_LISTEN", "http://localhost:9090")], &["CONTROL_LISTEN", "a scheme", "localhost:9090"]),
        (&[("TRUSTED_PROXIES", "ingress")], &["TRUSTED_PROXIES", "10.0.0.0/8"]),
        (&[("REGISTRATIONS_PER_MINUTE", "0")], &["REGISTRATIONS_PER_MINUTE", "such as 30"]),
        (&[("SESSION_LIFETIME", "5")], &["SESSION_LIFETIME", "like 30s or 5m"]),
        (&[("OIDC_TOKEN_ORIGIN", "origin")], &["OIDC_TOKEN_ORIGIN", "write true or false"]),
        (&[("IDENTITY_EMAIL_DOMAINS", "felix@example.com")], &["IDENTITY_EMAIL_DOMAINS", "behind the @"]),
    ] {
        faults.push(fault_of_backend(&plan, variables, words));
    }
    assert_none(faults);
}

#[test]
fn a_variable_that_is_missing_under_another_name_is_found() {
    let world = World::new("settings_missing");
    let plan =
        BackendPlan::new(&world, ISSUER).without("OIDC_CLIENT_ID").with("ODIC_CLIENT_ID", "kubernetes");
    let words = ["OIDC_CLIENT_ID is not set, but ODIC_CLIENT_ID is: rename it"];
    assert_none([fault_of_backend(&plan, &[], &words)]);
}

fn cluster_block(name: &str, more: &str) -> String {
    format!(
        "[[clusters]]\ncluster_name = {name:?}\noidc_issuer_url = {ISSUER:?}\noidc_client_id = \"kubernetes\"\nidentity_rule = \"any\"\n{more}\n"
    )
}

#[test]
fn a_file_of_clusters_is_read_as_strictly_and_names_the_cluster() {
    let world = World::new("settings_file");
    let file = world.file("clusters.toml");
    let plan = BackendPlan::new(&world, ISSUER).with("CONFIG_FILE", file.to_str().unwrap());
    let mut faults = Vec::new();
    for (more, words) in [
        (
            "oidc_scope = \"openid\"",
            &["cluster prod", "oidc_scope is no setting", "did you mean oidc_scopes?"][..],
        ),
        ("OIDC_SCOPES = \"openid\"", &["cluster prod", "did you mean oidc_scopes?"]),
        ("colour = \"blue\"", &["cluster prod", "colour is no setting", "spelling"]),
        ("oidc_scopes = \"email\"", &["cluster prod", "OIDC_SCOPES lacks openid"]),
        ("kubernetes_ca_file = \"/ca.pem\"", &["cluster prod", "KUBERNETES_API_URL"]),
        (
            "oidc_redirect_uri = \"http://localhost:8001/\"",
            &["OIDC_REDIRECT_URI", "prod", "dev", "another host or port"],
        ),
        ("oidc_redirect_uri = \"http://127.0.0.1:8000/\"", &["OIDC_REDIRECT_URI", "another host or port"]),
    ] {
        std::fs::write(&file, cluster_block("dev", "") + &cluster_block("prod", more)).unwrap();
        faults.push(fault(more, refusal(plan.launch()).as_deref(), words));
    }
    assert_none(faults);
}

#[test]
fn a_cluster_name_that_a_platform_sets_beside_a_file_of_clusters_is_warned_of() {
    let world = World::new("settings_platform");
    let file = world.file("clusters.toml");
    std::fs::write(&file, cluster_block("dev", "")).unwrap();
    let plan = BackendPlan::new(&world, ISSUER).with("CONFIG_FILE", file.to_str().unwrap());
    let backend = plan.with("CLUSTER_NAME", "eu-1").start();
    let warned = warnings(&backend.process);
    let [(setting, message)] = &warned[..] else { panic!("{warned:?}") };
    assert_eq!(setting, "CLUSTER_NAME");
    assert!(message.contains("does nothing beside CONFIG_FILE"), "{message}");
    assert_eq!(backend.api(&world).get("/info").json["clusters"][0]["name"], "dev");
}

#[test]
fn what_may_be_meant_for_another_program_is_warned_of_and_strangers_are_not() {
    let world = World::new("settings_warned");
    let plan = BackendPlan::new(&world, ISSUER);
    let strangers = [("REDIS_PORT", "6379"), ("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("LISTEN_FDS", "1")];
    let plan = strangers.iter().fold(plan, |plan, (name, value)| plan.with(name, value));
    let backend = plan
        .with("BACKSTAGE_ISSUERS", "https://backstage.example")
        .with("OIDC_CLIENT_ID_FILE", "/client-id")
        .with("IDENTITY_RULE", "any")
        .with("LOG_FORMAT", "jsno")
        .start();
    let warned = warnings(&backend.process);
    let cases = [
        ("BACKSTAGE_ISSUERS", "if BACKSTAGE_ISSUER is meant, rename it"),
        ("OIDC_CLIENT_ID_FILE", "set OIDC_CLIENT_ID itself"),
        ("USER_TOKENS", "there is no KUBERNETES_API_URL"),
        ("IDENTITY_EMAIL_DOMAINS", "only IDENTITY_RULE=email"),
        ("LOG_FORMAT", "set it to pretty or json"),
    ];
    assert_none(cases.map(|(setting, words)| {
        let told = warned.iter().any(|(name, message)| name == setting && message.contains(words));
        (!told).then(|| format!("{setting} is not warned of"))
    }));
    assert_eq!(warned.len(), 5, "{warned:?}");
}

#[test]
fn lists_may_have_spaces_around_their_commas() {
    let world = World::new("settings_lists");
    let backend = BackendPlan::new(&world, ISSUER)
        .with("TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.0/16")
        .with("ALLOWED_HOSTS", "elsewhere, backend.internal")
        .start();
    let answer = backend.api(&world).get_with("/info", &[("host", "backend.internal")]);
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[test]
fn the_helpers_roles_are_as_strict() {
    let world = World::new("settings_helper");
    let login = || HelperPlan::new(&world, "http://localhost:1");
    let cases = [
        ("LOGIN_TIMEOUT", "0s", &["LOGIN_TIMEOUT", "from 1ms"][..]),
        ("LOGIN_TIMEOUT", "5", &["LOGIN_TIMEOUT", "like 30s or 5m"]),
        ("LISTEN", ":8000", &["LISTEN", "a port alone", "127.0.0.1:8000", "localhost:8000"]),
        ("ALLOWED_HOSTS", "http://devbox", &["ALLOWED_HOSTS", "http://devbox"]),
        ("INSECURE_HTTP_HOSTS", "*.example.com", &["INSECURE_HTTP_HOSTS"]),
    ];
    let ended = |name: &str, plan: HelperPlan, words: &[&str]| {
        let Ending { code, said } = Ending::of(&mut plan.launch());
        let last = said.lines().last().filter(|_| code == Some(2));
        fault(&format!("login with {name}"), last, words)
    };
    let of_login = cases.map(|(name, value, words)| ended(name, login().with(name, value), words));
    let of_proxy = cases.map(|(name, value, words)| {
        let proxy = ProxyPlan::new(&world, "http://localhost:1").with(name, value).launch();
        fault(&format!("proxy with {name}"), refusal(proxy).as_deref(), words)
    });
    let query = HelperPlan::new(&world, "https://backstage.example/?x");
    let of_query = ended("a query", query, &["BACKSTAGE_URL", "query"]);
    assert_none(of_login.into_iter().chain(of_proxy).chain([of_query]));
    let mut misspelt = login().with("LOGIN_TIMOUT", "1s").with("CONTROL_LISTENER", "x").launch();
    misspelt.wait();
    let warned = warnings(&misspelt);
    assert!(matches!(&warned[..], [(name, _)] if name == "LOGIN_TIMOUT"), "{warned:?}");
}

#[test]
fn a_flag_wins_over_variables_and_over_the_file_of_its_secret() {
    let world = World::new("settings_flags");
    let login = || HelperPlan::new(&world, "http://localhost:1");
    let ended = |plan: HelperPlan| Ending::of(&mut plan.launch());
    let no_file = || login().with("BACKSTAGE_SESSION_TOKEN_FILE", "/does/not/exist");
    ended(no_file()).assert(2, &["BACKSTAGE_SESSION_TOKEN_FILE cannot be read"]);
    let by_flag = || no_file().argument("--session-token").argument("no token");
    ended(by_flag()).assert(2, &["BACKSTAGE_SESSION_TOKEN is not a session token"]);
    ended(by_flag().with("BACKSTAGE_SESSION_TOKEN", "a.b.c")).assert(2, &["copy the whole command"]);
}

#[test]
fn a_browser_that_is_named_on_the_command_line_is_opened_whatever_the_variable_says() {
    let here = Deployment::with_hostile_idp("settings_browser");
    let (world, backend) = (&here.world, here.plan.start());
    let (opened, program) = (world.file("opened"), world.file("browser"));
    std::fs::write(
        &program,
        format!("#!/bin/sh\nprintf %s \"$1\" > {}.new\nmv {0}.new {0}\n", opened.display()),
    )
    .unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let helper = HelperPlan::of_command(world, "login", &backend.url)
        .argument("--browser")
        .argument(program.to_str().unwrap())
        .with("NO_BROWSER", "1")
        .start();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !opened.exists() {
        assert!(Instant::now() < deadline, "the browser is not opened");
        std::thread::yield_now();
    }
    assert_eq!(std::fs::read_to_string(&opened).unwrap(), helper.link);
}

#[test]
fn localhost_in_listen_is_both_loopback_addresses() {
    let world = World::new("settings_localhost");
    let port = free_port();
    let listen = format!("localhost:{port}");
    let proxy = ProxyPlan::new(&world, "http://localhost:1")
        .with("CONTROL_LISTEN", &listen)
        .with("HOLD_CALLBACK_PORT", "0");
    let _proxy = proxy.start();
    for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        let answer = agent().get(format!("http://{address}/healthz")).call().unwrap();
        assert_eq!(answer.status(), 200, "{address}");
    }
}
