//! A node of a Redis Cluster is refused, in one sentence: by the backend before it listens, by the proxy, which listens before Redis has
//! answered, as soon as it knows.

use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{BackendPlan, NO_ISSUER};
use crate::harness::programs::proxy_program::ProxyPlan;
use crate::harness::world::World;

const SENTENCE: [&str; 3] =
    ["REDIS_URL leads to a node of a Redis Cluster, which is not supported", "MOVED", "redis+sentinel://"];

#[test]
fn a_node_of_a_redis_cluster_is_refused_at_start() {
    let world = World::new("redis_cluster");
    let node = RedisServer::start_cluster_node(&world);
    let mut backend = BackendPlan::new(&world, NO_ISSUER).with_redis(&node).launch();
    let mut proxy = ProxyPlan::new(&world, "http://localhost:7007").with("REDIS_URL", &node.url).launch();
    for (process, code, listened) in [(&mut backend, 1, false), (&mut proxy, 2, true)] {
        let line = process.wait_for_line(SENTENCE[0]);
        assert!(SENTENCE.iter().all(|words| line.contains(words)), "{line}");
        let (ended, printed) = (process.wait(), process.printed());
        assert_eq!(ended.code(), Some(code), "{printed}");
        let before = printed.split(SENTENCE[0]).next().unwrap();
        assert_eq!(before.contains("\"listening\""), listened, "{printed}");
    }
}
