//! The backend and Backstage, as the helper calls them.

use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::programs::backend::{BackendPlan, NO_ISSUER};
use crate::harness::programs::command::Ended;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::World;

#[test]
fn each_call_to_a_backend_that_stalls_has_its_end() {
    let world = World::new("stalled_backend");
    let backend = BackendPlan::new(&world, NO_ISSUER).start();
    let front = FaultyFront::before(&backend.url);
    let calls = ["/register", "/session", "/status", "/tokens"];
    let paths = calls.map(|call| format!("/api/cluster-auth{call}"));
    for path in paths.iter().map(String::as_str).chain(["/api/auth/oidc/refresh"]) {
        front.fault(path, Fault::Stalls);
    }
    let of = |command: &str| HelperPlan::of_command(&world, command, &front.url);
    // These try again and again, and say so after the first time.
    let calls = [
        ("GET /status", of("status").with("BACKSTAGE_TOKEN", "a.b.c").launch()),
        ("DELETE /tokens", of("logout").argument("--all").with("BACKSTAGE_TOKEN", "a.b.c").launch()),
        ("the cookie's trade", of("status").with("BACKSTAGE_SESSION", "oidc-refresh-token=x").launch()),
    ];
    // These are final; each wants the port for itself.
    let login = || HelperPlan::new(&world, &front.url);
    for (call, plan) in [
        ("GET /session", login().with("BACKSTAGE_SESSION_TOKEN", &"s".repeat(43))),
        ("POST /register", login().with("BACKSTAGE_TOKEN", "a.b.c")),
    ] {
        let ending = Ending::of(&mut plan.launch());
        assert_eq!(ending.code, Some(5), "{call}: {}", ending.said);
        assert!(ending.said.contains("no answer in time"), "{call}: {}", ending.said);
    }
    for (call, process) in calls {
        let said = process.wait_for_line("no answer in time");
        assert!(!said.starts_with('{'), "{call}: {said}");
    }
    front.heal();
    assert_eq!(Ending::of(&mut of("status").launch()).code, Some(0));
}

#[test]
fn a_role_that_does_not_answer_the_health_check_is_not_healthy() {
    let world = World::new("stalled_health");
    let front = FaultyFront::before(NO_ISSUER);
    front.fault("/healthz", Fault::Stalls);
    let address = front.url.replace("http://localhost", "127.0.0.1");
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let stalls = Ended::of(&mut plan.command(&["healthcheck", "--control-listen", &address]), &world);
    assert_eq!(stalls.code, Some(1));
    assert!(stalls.err.contains("no answer in time"), "{}", stalls.err);
}
