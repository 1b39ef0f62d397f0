//! What an operator does: makes a key, lists logins, ends those of a user; and the logins that end because nobody uses them.

use crate::harness::backend::BackendPlan;
use crate::harness::command::Ended;
use crate::harness::idp::Idp;
use crate::harness::redis_server::RedisServer;
use crate::harness::world::World;

#[test]
fn a_generated_key_is_all_that_is_printed_and_seals_what_a_backend_stores() {
    let world = World::new("offboarding_key");
    let idp = Idp::start(&world);
    let redis = RedisServer::start(&world);
    let plan = BackendPlan::new(&world, &idp.issuer).with_redis(&redis);
    let generate = |plan: &BackendPlan| {
        let ended = Ended::of(&mut plan.command(&["config", "generate-key"]), &world);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        let key = ended.out.strip_suffix('\n').unwrap().to_owned();
        world.ledger.note("sealing_key", key.split_once(':').unwrap().1);
        key
    };
    let first = generate(&plan.clone().without("TOKEN_ENCRYPTION_KEYS"));
    let second = generate(&plan.clone().with("TOKEN_ENCRYPTION_KEYS", &first));
    assert_ne!(first.split(':').next(), second.split(':').next(), "two keys have one id");
    let backend = plan.clone().with("TOKEN_ENCRYPTION_KEYS", &first).start();
    let api = backend.api(&world);
    let session = api.register();
    assert_eq!(api.exchange(&session, &idp.log_in(&session.auth_url, "felix")).status, 200);
    let both = plan.with("TOKEN_ENCRYPTION_KEYS", &format!("{second},{first}")).start();
    assert_eq!(both.api(&world).cluster_status()["connected"], true);
}
