//! The kept sign-in: for its owner alone, refreshed once for all, and never lost to an error.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use backstage_oidc_helper::random::sha256;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Installation, get, location};
use crate::harness::network::far_network::have_own_mounts;
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::programs::confirmed::write_privately;
use crate::harness::programs::helper_program::{Ending, HelperPlan};

const TOKEN_CALL: &str = "/api/auth/v1/token";

impl Installation {
    /// Rewrites a field of what is kept.
    pub fn rewrite(&self, field: &str, value: &Value) {
        let mut kept = self.kept();
        kept[field] = value.clone();
        std::fs::write(self.file(), kept.to_string()).unwrap();
    }

    pub fn ends_in(&self, seconds: i64) {
        let moment = OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        self.rewrite("expiresAt", &json!(moment.format(&Rfc3339).unwrap()));
    }

    pub fn token_calls(&self) -> usize {
        self.ingress.asked_backstage().iter().filter(|path| *path == TOKEN_CALL).count()
    }
}

#[test]
fn it_is_its_owners_alone_and_refreshed_a_minute_early() {
    let here = Installation::new("sign_in_refresh");
    here.sign_in();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(here.file()), mode(here.folder())), (0o600, 0o700));

    let calls = here.token_calls();
    here.ends_in(90);
    let before = here.kept();
    here.run("status").assert(0, &["dev: connected"]);
    assert_eq!((here.kept(), here.token_calls()), (before.clone(), calls));

    here.ends_in(30);
    here.run("status").assert(0, &["dev: connected"]);
    let after = here.kept();
    assert_eq!(here.token_calls(), calls + 1);
    assert_ne!(after["refreshToken"], before["refreshToken"]);
    let until = OffsetDateTime::parse(after["expiresAt"].as_str().unwrap(), &Rfc3339).unwrap();
    let life = until - OffsetDateTime::now_utc();
    assert!(life > time::Duration::minutes(50), "{life}");
    assert_eq!(mode(here.file()), 0o600);
}

#[test]
fn parallel_runs_refresh_it_once() {
    let here = Installation::new("sign_in_parallel");
    here.sign_in();
    here.ends_in(-10);
    let calls = here.token_calls();
    let plan = || HelperPlan::of_command(&here.world, "status", &here.ingress.url);
    let mut runs: Vec<_> = (0..6).map(|_| plan().launch()).collect();
    for run in &mut runs {
        Ending::of(run).assert(0, &["dev: connected"]);
    }
    here.note_kept();
    assert_eq!(here.token_calls(), calls + 1);
}

#[test]
fn one_that_backstage_has_ended_is_forgotten_and_the_next_login_signs_in_again() {
    let here = Installation::new("sign_in_ended");
    here.sign_in();
    here.ends_in(-10);
    here.rewrite("refreshToken", &json!("no refresh token of Backstage's"));
    here.run("status").assert(1, &["run backstage-oidc-helper login first", "(not_signed_in)"]);
    assert!(here.files().is_empty());
    here.sign_in();
    // A token that the backend does not take is no reason to stop, either.
    here.rewrite("accessToken", &json!("not.a.token"));
    here.sign_in();
    here.run("status").assert(0, &["dev: connected"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_left_alone() {
    let here = Installation::new("sign_in_damaged");
    here.sign_in();
    let file = here.file();
    let path = file.to_str().unwrap();
    let damaged = std::fs::read_to_string(&file).unwrap().replace('}', "");
    std::fs::write(&file, &damaged).unwrap();
    let sentence = [path, "does not hold a Backstage sign-in", "remove that file"];
    for ending in [here.run("status"), here.run("logout")] {
        ending.assert(1, &sentence);
    }
    // A login does not fail for want of it: the person signs in.
    let said = here.sign_in().said;
    assert!(sentence.iter().all(|word| said.contains(word)) && said.contains("is not kept"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), damaged);

    // What is in its way costs the next sign-in, not this login.
    std::fs::remove_dir_all(here.folder()).unwrap();
    std::fs::create_dir_all(here.folder().parent().unwrap()).unwrap();
    std::fs::write(here.folder(), "").unwrap();
    here.run("status").assert(1, &["cannot be used", "backstage-oidc-helper"]);
}

#[test]
fn a_folder_that_others_may_write_to_keeps_nothing_and_costs_no_login() {
    let here = Installation::new("sign_in_open_folder");
    let folder = here.folder();
    std::fs::create_dir_all(&folder).unwrap();
    for mode in [0o770, 0o702] {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        let said = here.sign_in().said;
        let advice = format!("other users may read or write it): run chmod 700 {}", folder.display());
        for about in ["No kept sign-in is used", "This sign-in is not kept"] {
            let line = said.lines().find(|line| line.contains(about)).unwrap_or_else(|| panic!("{said}"));
            assert!(line.contains(&advice), "{line}");
        }
        assert!(here.files().is_empty());
        here.run("status").assert(1, &[&advice]);
    }
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    here.sign_in();
    here.run("status").assert(0, &["dev: connected"]);
}

#[test]
fn without_a_home_that_takes_files_a_login_says_once_that_nothing_is_kept_and_ends_connected() {
    let here = Installation::new("sign_in_no_home");
    let felix = here.backstage.sign_in(&here.world, "felix");
    let mut helper = here.login().with("HOME", "/proc").start();
    let (callback, cookie) = here.approve(&helper, &felix);
    let answer = get(&callback, &cookie);
    let said = here.log_in(&mut helper, location(&answer)).said;
    let about = said.lines().filter(|line| line.contains("kept")).collect::<Vec<_>>();
    assert_eq!(about.len(), 1, "{about:#?}");
    assert!(
        about[0].starts_with("Nothing of this login is kept on this machine (/proc/.local/"),
        "{about:?}"
    );
}

#[test]
fn a_renewed_token_that_finds_no_room_serves_this_login() {
    let here = Installation::new("sign_in_no_room");
    here.sign_in();
    here.ends_in(-10);
    let kept = std::fs::read(here.file()).unwrap();
    let (name, folder) = (here.file().file_name().unwrap().to_owned(), here.folder());
    have_own_mounts();
    let mut mount = Command::new("mount");
    let mount = mount.args(["-t", "tmpfs", "-o", "size=4k,mode=700", "none"]).arg(&folder);
    assert!(mount.status().unwrap().success());
    std::fs::write(folder.join(&name), kept).unwrap();
    std::fs::set_permissions(folder.join(&name), std::fs::Permissions::from_mode(0o600)).unwrap();
    let calls = here.token_calls();
    here.run("status").assert(0, &["dev: connected"]);
    assert_eq!(here.token_calls(), calls + 1);
    // What was spent serves no more, and says so.
    here.run("status").assert(1, &["run backstage-oidc-helper login first", "(not_signed_in)"]);
}

#[test]
fn a_refresh_that_is_answered_with_nothing_of_oauths_costs_no_login() {
    let here = Installation::new("sign_in_no_refresh");
    let front = FaultyFront::before(&here.ingress.url);
    let kept = json!({
        "backstageUrl": front.url,
        "clientId": "backstage-oidc-helper",
        "accessToken": "kept.user.token",
        "expiresAt": "2020-01-01T00:00:00Z",
        "refreshToken": "a kept refresh token",
    });
    let name = sha256(format!("{}\nbackstage-oidc-helper", front.url).as_bytes());
    write_privately(&here.world, &format!("backstage-{name}.json"), &kept.to_string());
    front.fault(TOKEN_CALL, Fault::Answers(json!({ "error": { "name": "NotFoundError" } })));
    let status = HelperPlan::of_command(&here.world, "status", &front.url);
    Ending::of(&mut status.launch()).assert(1, &["run backstage-oidc-helper login first", "(not_signed_in)"]);
    let mut helper = HelperPlan::new(&here.world, &front.url).start();
    let (authorize_url, _) = here.follow(&helper.link);
    assert!(authorize_url.starts_with(&format!("{}/api/auth/v1/authorize?", front.url)), "{authorize_url}");
    helper.process.kill();
}

#[test]
fn a_refusal_that_may_pass_does_not_end_a_token_that_still_serves() {
    let here = Installation::new("sign_in_refused_for_now");
    here.sign_in();
    here.ends_in(30);
    let front = FaultyFront::before(&here.ingress.url);
    let mut kept = here.kept();
    kept["backstageUrl"] = json!(front.url);
    let name = sha256(format!("{}\nbackstage-oidc-helper", front.url).as_bytes());
    write_privately(&here.world, &format!("backstage-{name}.json"), &kept.to_string());
    front.fault(TOKEN_CALL, Fault::Refuses(json!({ "error": "temporarily_unavailable" })));
    let status = || Ending::of(&mut HelperPlan::of_command(&here.world, "status", &front.url).launch());
    status().assert(0, &["dev: connected"]);
    // An ended one is forgotten.
    front.fault(TOKEN_CALL, Fault::Refuses(json!({ "error": "invalid_grant" })));
    status().assert(1, &["(not_signed_in)"]);
}

#[test]
fn a_backstage_that_is_away_costs_nothing() {
    let mut here = Installation::new("sign_in_away");
    here.sign_in();
    here.ends_in(-10);
    let before = here.kept();
    here.backstage.kill();
    here.run("status").assert(5, &["There is no backend to be reached at", &here.ingress.url]);
    assert_eq!(here.kept(), before);
}
