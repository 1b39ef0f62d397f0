//! A plugin that the backend knows by a token verified before gets nothing any more once the login behind it has ended.

use serde_json::json;

use super::{Portal, TOKEN};
use crate::harness::clients::api::Api;
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::command::Ended;
use crate::harness::world::World;

/// Twice, so that its token is known.
fn is_served(plugin: &Api) {
    for _ in 0..2 {
        assert_eq!((plugin.get(TOKEN).status, plugin.get(PODS).status), (200, 200));
    }
}

fn is_not_served(plugin: &Api) {
    plugin.get(TOKEN).assert_problem(404, "not_connected");
    plugin.get(PODS).assert_status_object(403, "not_connected");
}

#[test]
fn a_login_that_is_ended_is_ended_for_a_plugin_that_is_known() {
    let world = World::new("give_token_ended");
    let portal = Portal::start_in(world, BackendPlan::with_store_file);
    let felix = portal.sign_in("felix");
    let plugin = felix.plugin_api("kubernetes", &json!({}));
    felix.log_in("felix");
    is_served(&plugin);
    assert_eq!(felix.api.delete("/tokens?cluster=dev").status, 200);
    is_not_served(&plugin);

    felix.log_in("felix");
    is_served(&plugin);
    let mut admin = portal.plan.command(&["admin", "revoke", "--user", "user:default/felix"]);
    let revoked = Ended::of(&mut admin, &portal.here.world);
    assert_eq!(revoked.code, Some(0), "{}{}", revoked.out, revoked.err);
    is_not_served(&plugin);
}
