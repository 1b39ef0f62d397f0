//! The backend and Backstage, as the helper calls them.

use std::time::{Duration, Instant};

use crate::harness::backend::BackendPlan;
use crate::harness::command::Ended;
use crate::harness::faulty_front::{Fault, FaultyFront};
use crate::harness::helper_program::{Ending, HelperPlan};
use crate::harness::process::Process;
use crate::harness::world::World;

/// Nobody is there: nobody gets as far as that.
const NO_ISSUER: &str = "http://localhost:1/";
/// An exchange may take the backend half a minute, and what can be asked again is asked five times.
const AT_THE_LATEST: Duration = Duration::from_mins(2);

#[test]
fn each_call_to_a_backend_that_stalls_has_its_end() {
    let world = World::new("stalled_backend");
    let backend = BackendPlan::new(&world, NO_ISSUER).start();
    let front = FaultyFront::before(&backend.url);
    let calls = ["/info", "/register", "/session", "/status", "/tokens", "/exchange"];
    let paths = calls.map(|call| format!("/api/cluster-auth{call}"));
    let cookie = "/api/auth/oidc/refresh";
    for path in paths.iter().map(String::as_str).chain([cookie, "/api/auth/v1/authorize"]) {
        front.fault(path, Fault::Stalls);
    }
    let of = |command: &str| HelperPlan::of_command(&world, command, &front.url);
    let session_token = "s".repeat(43);
    let begun = Instant::now();
    // All at once: one after the other they would take minutes.
    let mut calls: Vec<(&str, Process)> = vec![
        ("GET /status", of("status").with("BACKSTAGE_TOKEN", "a.b.c").launch()),
        ("DELETE /tokens", of("logout").with("BACKSTAGE_TOKEN", "a.b.c").launch()),
        ("the cookie's trade", of("status").with("BACKSTAGE_SESSION", "oidc-refresh-token=x").launch()),
        (
            "GET /session",
            HelperPlan::new(&world, &front.url).with("BACKSTAGE_SESSION_TOKEN", &session_token).launch(),
        ),
    ];
    for (call, process) in &mut calls {
        let ending = Ending::of(process);
        assert_eq!(ending.code, Some(5), "{call}: {}", ending.said);
        assert!(ending.said.contains("no answer in time"), "{call}: {}", ending.said);
    }
    assert!(begun.elapsed() < AT_THE_LATEST, "{:?}", begun.elapsed());
    front.heal();
    Ending::of(&mut of("status").launch()).assert(0, &[]);
}

#[test]
fn a_role_whose_health_stalls_is_not_healthy() {
    let world = World::new("stalled_health");
    let front = FaultyFront::before(NO_ISSUER);
    front.fault("/healthz", Fault::Stalls);
    let address = front.url.replace("http://localhost", "127.0.0.1");
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let stalls = Ended::of(&mut plan.command(&["healthcheck", "--control-listen", &address]), &world);
    assert_eq!(stalls.code, Some(1));
    assert!(stalls.err.contains("no answer in time"), "{}", stalls.err);
}
