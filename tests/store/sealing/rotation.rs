//! Keys changed the documented way, over two replicas that are restarted one by one while people work.

use std::sync::{PoisonError, RwLock};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{KEY_A, KEY_B, deploy};
use crate::harness::clients::api::{Api, parameter};
use crate::harness::clients::load::Load;
use crate::harness::deployment::OnRedisWithCluster;
use crate::harness::peers::cluster::pods;
use crate::harness::peers::provider::Provider;
use crate::harness::programs::backend::Backend;

/// The replicas as a load balancer sees them: one that restarts is drained first.
struct Replicas {
    serving: [RwLock<bool>; 2],
    apis: [Api; 2],
    load: Load,
}

impl Replicas {
    /// A user at work: at a cluster, and at a login that one replica begins and the other ends.
    fn work(&self, first: usize) {
        self.load.keep(|| {
            let one = self.ask(first, |api| api.get(&pods("prod", "team-a")));
            assert_eq!(one.status, 200, "{}", one.text);
            let begun = self.ask(first, |api| api.post("/register", &json!({ "cluster": "prod" })));
            assert_eq!(begun.status, 200, "{}", begun.text);
            let session = self.apis[first].session_of(&begun);
            // Denied, so that it is over: a user has few pending sessions.
            let state = parameter(&session.auth_url, "state");
            let redirect = format!("http://localhost:8000/?error=access_denied&state={state}");
            let denied = self.ask(1 - first, |api| api.exchange(&session, &redirect));
            assert_eq!((denied.status, &denied.json["success"]), (200, &json!(false)), "{}", denied.text);
            let seen = self.ask(first, |api| api.session(&session));
            assert_eq!((seen.status, &seen.json["status"]), (200, &json!("failed")), "{}", seen.text);
        });
    }

    /// At the replica of this number, or at the other while it restarts.
    fn ask<T>(&self, number: usize, request: impl Fn(&Api) -> T) -> T {
        let mut number = number;
        loop {
            let serves = self.serving[number].read().unwrap_or_else(PoisonError::into_inner);
            if *serves {
                return request(&self.apis[number]);
            }
            number = 1 - number;
        }
    }

    fn set_serving(&self, number: usize, serves: bool) {
        *self.serving[number].write().unwrap() = serves;
    }
}

#[test]
fn keys_are_changed_under_load_and_no_request_fails() {
    let here = deploy("keys_rotated");
    let mut backends = [here.plan.start(), here.plan.start()];
    let replicas = Replicas {
        serving: [RwLock::new(true), RwLock::new(true)],
        apis: backends.each_ref().map(|backend| here.api(backend)),
        load: Load::default(),
    };
    let api = &replicas.apis[0];
    // The login at `dev` expires, and is not looked at before its refresh.
    here.idp.set_id_token_lifetime(1);
    api.log_in_to(&here.idp, "dev", "felix");
    here.idp.set_id_token_lifetime(3600);
    api.log_in_to(&here.idp, "prod", "felix");
    std::thread::scope(|scope| {
        let _over = replicas.load.over_when_dropped();
        for first in [0, 1] {
            let replicas = &replicas;
            scope.spawn(move || replicas.work(first));
        }
        let mut roll_out = |keys: &str| {
            for (number, backend) in backends.iter_mut().enumerate() {
                replicas.load.wait_for_work();
                replicas.set_serving(number, false);
                restart(&here, backend, keys);
                replicas.set_serving(number, true);
            }
            replicas.load.wait_for_work();
        };
        roll_out(&format!("{KEY_A},{KEY_B}"));
        assert_eq!([here.sealed_with("felix", "dev"), here.sealed_with("felix", "prod")], ["a", "a"]);
        roll_out(&format!("{KEY_B},{KEY_A}"));
        assert_eq!([here.sealed_with("felix", "dev"), here.sealed_with("felix", "prod")], ["a", "a"]);
        // Sealed anew by whatever writes next: a refresh, a new login.
        assert_eq!(api.get(&pods("dev", "team-a")).status, 200);
        assert_eq!(here.idp.refreshes(), 1);
        api.log_in_to(&here.idp, "prod", "felix");
        assert_eq!([here.sealed_with("felix", "dev"), here.sealed_with("felix", "prod")], ["b", "b"]);
        roll_out(KEY_B);
        assert_eq!(api.get(&pods("dev", "team-a")).status, 200);
    });
}

/// SIGTERM, an orderly end, and the same address with other keys.
fn restart(here: &OnRedisWithCluster, backend: &mut Backend, keys: &str) {
    backend.process.signal(Signal::SIGTERM);
    assert!(backend.process.wait().success(), "no orderly end");
    let plan = here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", keys).in_place_of(backend);
    *backend = plan.start();
}
