//! The same in a file: one process has it at a time, so that the binaries take turns, forwards and back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::signal::Signal;

use super::logins::Kept;
use super::replicas::{Replicas, Version};

/// What has the file, one after the other.
const TURNS: [Version; 4] = [Version::Earlier, Version::This, Version::Earlier, Version::This];

/// Each login is refreshed so often in each turn.
const REFRESHES: u64 = 2;

const LOGINS: usize = 8;

/// Each uses and refreshes what the other has kept, ends a login of it and a session that it has begun, and begins such for it. Each second
/// one is killed.
pub fn take_turns(earlier: PathBuf) -> String {
    let began = Instant::now();
    let mut kept = Kept::start("upgrade_file", LOGINS);
    kept.here.plan = kept.here.plan.clone().without("REDIS_URL").with_store_file(&kept.here.world);
    let replicas = Replicas::new(&kept.here, earlier);
    let mut open = None;
    for (turn, version) in TURNS.into_iter().enumerate() {
        let mut replica = replicas.start(version);
        let apis = [Arc::clone(&replica.api), Arc::clone(&replica.api)];
        match open.take() {
            None => kept.log_in(&apis),
            Some(session) => {
                kept.assert_all_there(&apis);
                kept.end(&session, &replica.api);
            }
        }
        kept.use_until_refreshed(&replica.api, REFRESHES);
        kept.log_out_and_in(&apis);
        kept.assert_all_there(&apis);
        open = Some(replica.api.register_at(&kept.clusters[5]));
        if turn % 2 == 0 {
            replica.backend.process.signal(Signal::SIGTERM);
            assert!(replica.backend.process.wait().success(), "{version:?} did not end well");
        } else {
            replica.backend.process.kill();
        }
        println!("✓ {version:?} on the file: {LOGINS} logins kept");
    }
    format!("{} turns on one file in {:.1} s", TURNS.len(), began.elapsed().as_secs_f64())
}
