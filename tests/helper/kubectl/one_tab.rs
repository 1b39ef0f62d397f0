//! However many kubectls run, one tab of the browser opens; and none after one that was left alone.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use super::{AT_TERMINAL, NO_TERMINAL, Run, Tabs};
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::helper::sign_in::Installation;

/// Each in a terminal of its own.
fn ten(here: &Installation, plan: impl Fn() -> HelperPlan) -> Vec<Run> {
    (0..10).map(|_| here.run_get_token(plan(), AT_TERMINAL)).collect()
}

#[test]
fn ten_at_once_open_one_tab_and_get_ten_answers() {
    let here = Installation::new("kubectl_ten");
    let (felix, tabs) = (here.backstage.sign_in(&here.world, "felix"), Tabs::new(&here.world));
    let mut runs = ten(&here, || here.get_token().with("BROWSER", tabs.program()));
    let link = std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        for run in &runs {
            let sender = sender.clone();
            scope.spawn(move || {
                let opened = run.process.wait_for("that it waits", |line| {
                    let waits = line.starts_with("Another command waits for you").then(String::new);
                    waits.or_else(|| line.strip_prefix("Open ").map(str::to_owned))
                });
                sender.send(opened).unwrap();
            });
        }
        drop(sender);
        let opened: Vec<String> = receiver.iter().filter(|link| !link.is_empty()).collect();
        assert_eq!(opened.len(), 1, "{opened:?}");
        opened.into_iter().next().unwrap()
    });
    assert!(link.starts_with("http://localhost:18000/go/"), "{link}");
    let page = here.answer_tab(&link, &felix);
    assert!(page.contains("data-outcome=\"signed-in\""), "{page}");
    let credentials: Vec<_> = runs.iter_mut().map(Run::credential).collect();
    here.note_kept();
    for credential in &credentials {
        assert_eq!(credential["status"]["token"], here.kept()["accessToken"]);
    }
    assert_eq!(tabs.opened(), [link]);
}

#[test]
fn a_tab_without_an_answer_stays_the_only_one_and_each_gets_a_sentence() {
    let here = Installation::new("kubectl_unanswered");
    let tabs = Tabs::new(&here.world);
    let plan = || here.get_token().with("BROWSER", tabs.program()).argument("--timeout").argument("1s");
    for mut run in ten(&here, plan) {
        run.fails(4, &["login --backend http://localhost:", "kubectl opens no other tab for"]);
    }
    for _ in 0..3 {
        let said = here.run_get_token(plan(), AT_TERMINAL).fails(4, &["opened in your browser", "ago"]);
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    assert_eq!(tabs.opened().len(), 1);

    // The person signs in with a login, as the sentence says; the record of the tab is then of no interest.
    here.sign_in();
    here.run_get_token(plan(), AT_TERMINAL).credential();
    std::fs::remove_file(here.file()).unwrap();
    here.run_get_token(plan(), AT_TERMINAL).fails(4, &["You did not sign in"]);
    assert_eq!(tabs.opened().len(), 2);
    here.run_get_token(plan(), AT_TERMINAL).fails(4, &["opened in your browser"]);
    let forget = HelperPlan::of_command(&here.world, "logout", &here.ingress.url).argument("--local");
    Ending::of(&mut forget.launch()).assert(0, &[]);
    here.run_get_token(plan(), AT_TERMINAL).fails(4, &["You did not sign in"]);
    assert_eq!(tabs.opened().len(), 3);
}

#[test]
fn a_run_that_ends_with_its_tab_open_leaves_the_lock_and_no_second_tab() {
    let here = Installation::new("kubectl_killed");
    let (felix, tabs) = (here.backstage.sign_in(&here.world, "felix"), Tabs::new(&here.world));
    let plan = || here.get_token().with("BROWSER", tabs.program());
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let mut run = here.run_get_token(plan(), AT_TERMINAL);
        run.link();
        let mut waits = here.run_get_token(plan(), AT_TERMINAL);
        waits.process.wait_for_line("Another command waits");
        run.process.signal(signal);
        run.process.wait();
        waits.fails(4, &["ago was not finished"]);
        here.run_get_token(plan(), AT_TERMINAL).fails(4, &["ago was not finished"]);
        forget_tabs(&here);
    }
    assert!(tabs.opened().len() <= 2, "{:?}", tabs.opened());

    // Ctrl-C is the person's own: the next kubectl asks again. This time port 18000 is another program's, as kubelogin's may be.
    let mut run = here.run_get_token(plan(), AT_TERMINAL);
    run.link();
    run.process.signal(Signal::SIGINT);
    run.fails(130, &["Interrupted before kubectl had a Backstage token"]);
    let other = TcpListener::bind("127.0.0.1:18000").unwrap();
    let mut run = here.run_get_token(plan(), AT_TERMINAL);
    let link = run.link();
    assert!(link.starts_with("http://localhost:28000/go/"), "{link}");
    // Without a terminal of its own, a run waits for the tab of another, too.
    let mut beside = here.run_get_token(plan(), NO_TERMINAL);
    beside.process.wait_for_line("Another command waits");
    here.answer_tab(&link, &felix);
    run.credential();
    beside.credential();
    here.note_kept();
    drop(other);
}

/// As after the pause.
fn forget_tabs(here: &Installation) {
    for entry in std::fs::read_dir(here.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("tab-of-") {
            std::fs::remove_file(path).unwrap();
        }
    }
}
