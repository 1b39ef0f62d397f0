//! A second network at the other end of a wire. From the test's own network there is no route further than the wire's far end.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sched::{CloneFlags, setns, unshare};

use crate::harness::world::World;

/// The wire's end in the test's own network.
pub const NEAR: &str = "10.77.0.1";
/// Its other end.
pub const FAR: &str = "10.77.0.2";
/// Where there are servers in the far network; nothing leads there from the near one.
pub const BEYOND: &str = "10.88.0.1";

/// The far network. The calling thread is in the near one, but for what it does in [`Self::run`].
pub struct FarNetwork {
    near: Namespaces,
    far: Namespaces,
}

/// Where a thread is: its network, and its files, of which `/etc/hosts` is the one that matters here.
struct Namespaces {
    network: File,
    mounts: File,
}

impl FarNetwork {
    /// Builds it; only there these names can be looked up.
    pub fn new(world: &World, names: &[(&str, &str)]) -> Self {
        have_own_mounts();
        let near = Namespaces::current();
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        have_own_mounts();
        give_names(world, names);
        let far = Namespaces::current();
        let near_network = format!("/proc/{}/fd/{}", std::process::id(), near.network.as_raw_fd());
        ip("link set lo up");
        ip("link add far type veth peer name near");
        ip(&format!("link set near netns {near_network}"));
        ip(&format!("addr add {FAR}/24 dev far"));
        ip("link set far up");
        ip(&format!("addr add {BEYOND}/32 dev lo"));
        near.enter();
        ip(&format!("addr add {NEAR}/24 dev near"));
        ip("link set near up");
        Self { near, far }
    }

    /// Does something there; what is started in the course of it stays there.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        self.far.enter();
        let done = work();
        self.near.enter();
        done
    }
}

impl Namespaces {
    fn current() -> Self {
        let open = |name: &str| File::open(Path::new("/proc/thread-self/ns").join(name)).unwrap();
        Self { network: open("net"), mounts: open("mnt") }
    }

    fn enter(&self) {
        setns(&self.network, CloneFlags::CLONE_NEWNET).unwrap();
        // The threads that this one has started share its root and its folder with it; a thread that moves must not.
        unshare(CloneFlags::CLONE_FS).unwrap();
        setns(&self.mounts, CloneFlags::CLONE_NEWNS).unwrap();
        // Entering a mount namespace leads to its root.
        std::env::set_current_dir(crate::harness::world::repository()).unwrap();
    }
}

/// Lets the calling thread, and all that it starts, mount what no other thread sees.
pub fn have_own_mounts() {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    run("mount", &["--make-rprivate", "/"]);
}

/// Lets these names, and `localhost`, be looked up by the calling thread and all that it starts.
pub fn give_names(world: &World, names: &[(&str, &str)]) {
    let file: PathBuf = world.file("hosts");
    let lines = names.iter().map(|(name, address)| format!("{address} {name}\n"));
    let text: String = ["127.0.0.1 localhost\n::1 localhost\n".to_owned()].into_iter().chain(lines).collect();
    std::fs::write(&file, text).unwrap();
    run("mount", &["--bind", file.to_str().unwrap(), "/etc/hosts"]);
}

/// Runs `ip` in the calling thread's network.
pub fn ip(arguments: &str) {
    run("ip", &arguments.split(' ').collect::<Vec<_>>());
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?} failed");
}
