//! A test's own network, folder and list of secrets.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use super::ledger::Ledger;

/// Below all that the system gives out by itself; see `ip_local_port_range`.
const QUIET_PORTS: Range<u16> = 20_000..30_000;

/// What one test has to itself.
pub struct World {
    /// Where all output of the test's processes goes; kept, for `secrets_in_output`.
    pub folder: PathBuf,
    /// The secrets that pass through this test.
    pub ledger: Ledger,
    /// The home of its user: what programs keep there, secrets among it, is not output.
    pub home: TempDir,
}

impl World {
    /// Moves the calling thread, and all that it starts, into a network of its own: `localhost:8000` is free there, and no
    /// other test and nothing of the machine's is in reach.
    pub fn new(test: &str) -> Self {
        unshare(CloneFlags::CLONE_NEWNET).expect(
            "no network namespace: run the tests as root, or with `unshare --map-root-user --net make test`",
        );
        let up = Command::new("ip")
            .args(["link", "set", "lo", "up"])
            .status()
            .expect("`ip` of iproute2 is missing");
        assert!(up.success(), "the loopback of the test's network does not come up");
        let folder = output_folder().join(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder for test output cannot be made");
        let home = tempfile::tempdir().expect("the user's home cannot be made");
        Self { ledger: Ledger::new(folder.join("ledger.jsonl")), folder, home }
    }

    /// A file of this test's.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A port of the calling test's network that can be named before anything listens on it: no call gives it a second time, and the
/// system gives it to nothing meanwhile, as the local port of a connection or as "any free port".
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(QUIET_PORTS.start);
    NEXT.fetch_update(Relaxed, Relaxed, |port| {
        Some(if port + 1 < QUIET_PORTS.end { port + 1 } else { QUIET_PORTS.start })
    })
    .unwrap()
}

/// Where tests leave what their processes printed.
pub fn output_folder() -> PathBuf {
    repository().join("target/test-output")
}

/// The checkout.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
