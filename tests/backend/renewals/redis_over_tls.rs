//! Redis over TLS, when its certificate comes of another authority: the roots of `CA_FILE` are those of now.

use super::refused::{REFUSED, half, is_refused};
use super::*;
use crate::harness::clients::api::until_ok;

const ROOTS: &str = "CA_FILE";

/// The address is no file here; what is used of it changes all the same.
const OF_REDIS: &str = "REDIS_URL";

#[test]
fn redis_is_connected_to_with_the_roots_of_now_and_bad_ones_are_kept_out() {
    let here = Deployment::with_hostile_idp("renewals_redis_tls");
    let (first, second) = (certificate(), certificate());
    let mut redis = RedisServer::start_with_tls(&here.world, &first);
    let mut mounted = Mounted::new(&here.world, &[(ROOTS, &first.0)]);
    let plan = here.plan.clone().with_redis(&redis).with(ROOTS, &mounted.path(ROOTS));
    let (backend, api) = here.start_as(&plan);
    api.log_in(&here.idp, "felix");
    let reconnects = |redis: &RedisServer| {
        redis.close_connections();
        until_ok(|| api.get("/status"));
        assert_eq!(api.cluster_status()["connected"], true);
    };
    let bad: [Option<&[u8]>; 5] =
        [Some(b""), None, Some(half(&first.0)), Some(first.1.as_bytes()), Some(second.0.as_bytes())];
    for (content, times) in bad.into_iter().zip(1..) {
        mounted.replace_bytes([(ROOTS, content)]);
        wait_for_said(&backend, REFUSED, OF_REDIS, times);
        assert_eq!(
            (counted(&backend, OF_REDIS, "refused"), is_refused(&backend, OF_REDIS)),
            (times as u64, 1)
        );
        reconnects(&redis);
    }
    // Both authorities count while the certificate is replaced.
    mounted.replace(&[(ROOTS, &format!("{}{}", first.0, second.0))]);
    wait_for_said(&backend, TAKEN, OF_REDIS, 1);
    redis.show(&here.world, &second);
    reconnects(&redis);
    mounted.replace(&[(ROOTS, &second.0)]);
    wait_for_said(&backend, TAKEN, OF_REDIS, 2);
    assert_eq!((counted(&backend, OF_REDIS, "taken"), is_refused(&backend, OF_REDIS)), (2, 0));
    reconnects(&redis);
    api.log_in(&here.idp, "felix");
}
