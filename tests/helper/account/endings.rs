//! What prevents an answer to `status` and `logout`: the exit code, and the sentence that comes with it.

use nix::sys::signal::Signal;

use super::run;
use crate::harness::deployment::Deployment;
use crate::harness::network::ingress::Ingress;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::{World, free_port};

const COMMANDS: [&str; 2] = ["status", "logout"];

#[test]
fn a_wrong_flag_or_setting_ends_with_code_2() {
    let world = World::new("status_usage");
    let session = "s".repeat(43);
    for name in COMMANDS {
        let nowhere = || HelperPlan::of_command(&world, name, "http://localhost:1");
        let advice =
            ["A session token is only good for its own login", "BACKSTAGE_TOKEN", "BACKSTAGE_SESSION"];
        run(nowhere().with("BACKSTAGE_SESSION_TOKEN", &session)).assert(2, &advice);
        run(nowhere().argument("--session-token").argument(&session)).assert(2, &advice);
        run(nowhere().with("BACKSTAGE_TOKEN", "a\u{7}b")).assert(2, &["BACKSTAGE_TOKEN", "once more"]);
        run(nowhere().with("CA_FILE", "/dev/null")).assert(2, &["--ca-file"]);
        let plain_http = HelperPlan::of_command(&world, name, "http://backstage.example");
        run(plain_http).assert(2, &["BACKSTAGE_URL", "https"]);
        let flag = run(nowhere().argument("--such-a-flag"));
        assert_eq!(flag.code, Some(2), "{}", flag.said);
    }
}

#[test]
fn a_backend_that_is_away_ends_with_code_5() {
    let world = World::new("status_away");
    let nowhere = format!("http://localhost:{}", free_port());
    // An ingress without a backend behind it answers 502.
    let ingress = Ingress::start(&nowhere, &nowhere);
    for name in COMMANDS {
        for address in [&nowhere, &ingress.url] {
            let ending = run(HelperPlan::of_command(&world, name, address));
            ending.assert(
                5,
                &[
                    "There is no backend to be reached at",
                    address,
                    "check that address (--backend, BACKSTAGE_URL)",
                ],
            );
            let told = ending.said.matches("The backend does not answer yet").count();
            assert_eq!(told, 1, "{}", ending.said);
        }
    }
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_and_a_signal_ends_the_wait() {
    let here = Deployment::new("status_lost");
    let backend = here.plan.start();
    let ingress = Ingress::start(&backend.url, &backend.url);
    for (name, path, last) in
        [("status", "/status", "dev: not connected"), ("logout", "/tokens", "Nothing to forget")]
    {
        let lost = ingress.lose_answer_to(path);
        let mut process = HelperPlan::of_command(&here.world, name, &ingress.url).launch();
        drop(lost.wait());
        let ending = Ending::of(&mut process);
        ending.assert(0, &[last]);
        assert!(ending.said.contains("trying a little longer"), "{}", ending.said);
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let lost = ingress.lose_answer_to(path);
            let mut process = HelperPlan::of_command(&here.world, name, &ingress.url).launch();
            let held = lost.wait();
            process.signal(signal);
            Ending::of(&mut process).assert(130, &["Interrupted before the backend had answered"]);
            drop(held);
        }
    }
}
