mod every_system;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use super::command_line::{CommandLine, Failure};
use super::*;
use crate::clock::SystemClock;
use crate::helper::terminal::browser::NoBrowser;
use crate::helper::terminal::elsewhere::location::{Location, System};
use crate::random::SystemRandom;
use crate::settings::Source;

/// What a terminal shows.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Write for Shown {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shown {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Plays the manager of services: keeps what it was told, and fails where the test wants it.
#[derive(Default)]
struct Fake {
    told: RefCell<Vec<String>>,
    fails: BTreeSet<&'static str>,
    installed: Cell<bool>,
    /// How often it is still there when it is looked for after its end.
    lingers: Cell<u32>,
    /// How many starts fail.
    failing_starts: Cell<u32>,
}

impl Fake {
    fn is_there(&self) -> bool {
        let lingers = self.lingers.get();
        if !self.installed.get() && lingers > 0 {
            self.lingers.set(lingers - 1);
            return true;
        }
        self.installed.get()
    }
}

const STARTS: [&str; 3] = ["enable --now", "bootstrap", "/Create"];
const ENDS: [&str; 3] = ["disable --now", "bootout", "/Delete"];
const LOOKS: [&str; 3] = [" is-", "/backstage-oidc-helper", "/Query /TN"];

impl Runner for Fake {
    fn run(&self, line: &CommandLine) -> Result<(), Failure> {
        let line = line.to_string();
        let fails = self.fails.iter().any(|word| line.contains(word));
        let is = |words: &[&str]| words.iter().any(|word| line.contains(word));
        if is(&LOOKS) && !is(&ENDS) && !is(&STARTS) {
            let is_so = !fails && self.is_there();
            return if is_so { Ok(()) } else { Err(Failure::Said("inactive".to_owned())) };
        }
        self.told.borrow_mut().push(line.clone());
        let failing = self.failing_starts.get();
        if fails || (is(&STARTS) && failing > 0) {
            self.failing_starts.set(failing.saturating_sub(1));
            return Err(Failure::Said("Access denied".to_owned()));
        }
        if is(&STARTS) || is(&ENDS) {
            self.installed.set(is(&STARTS));
        }
        Ok(())
    }
}

/// Lets no time pass, and counts the waits.
#[derive(Default)]
struct NoTime(AtomicU32);

#[async_trait::async_trait]
impl Timer for NoTime {
    async fn wait(&self, _: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A user's home, below the build's folder: a program below the system's temporary one is refused.
struct Scene {
    home: tempfile::TempDir,
    /// The helper port.
    listen: SocketAddr,
    machine: Machine,
    fake: Fake,
    timer: NoTime,
    shown: Shown,
}

impl Scene {
    fn of(system: System) -> Self {
        let mut scene = Self::new();
        scene.machine.system = system;
        scene.machine.state = Some(scene.home.path().join("state"));
        scene
    }

    fn new() -> Self {
        let home = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target")).unwrap();
        let executable = home.path().join("helper");
        std::fs::write(&executable, "").unwrap();
        let machine = Machine {
            system: System::Linux,
            user: nix::unistd::geteuid().as_raw().max(1),
            user_name: String::new(),
            home: Some(home.path().to_owned()),
            configuration: Some(home.path().join(".config")),
            state: None,
            executable: Ok(executable),
            search: vec![],
            temporary: "/nowhere".into(),
            is_container: false,
            is_wsl: false,
            has_runtime_directory: true,
        };
        Self {
            home,
            listen: address_of_its_own(),
            machine,
            fake: Fake::default(),
            timer: NoTime::default(),
            shown: Shown::default(),
        }
    }

    async fn install(&self, asking: Asking, backend: &str) -> Result<(), HelperError> {
        self.install_with(asking, &[("BACKSTAGE_URL", backend)]).await
    }

    async fn install_with(&self, asking: Asking, settings: &[(&str, &str)]) -> Result<(), HelperError> {
        let listen = self.listen.to_string();
        let pairs = settings.iter().copied().chain([("CONTROL_LISTEN", listen.as_str())]);
        let source = Source::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let carried = source.carried(|path| Ok(path.into())).unwrap();
        let order = Order { settings: ProxySettings::read(&source).unwrap(), carried, asking };
        let tools = Tools {
            location: Location::NoDisplay,
            advised: Once::new(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            browser: Arc::new(NoBrowser),
            terminal: Arc::new(Terminal::new(Box::new(self.shown.clone()))),
            answers: Terminal::new(Box::new(self.shown.clone())),
            state_folder: None,
        };
        let here = Here { machine: &self.machine, runner: &self.fake, timer: &self.timer, tools: &tools };
        run(order, &here).await
    }

    async fn install_for_sure(&self) -> Result<(), HelperError> {
        self.install(Asking::SaidBefore, "http://localhost:7007").await
    }

    async fn uninstall(&self) -> Result<(), InstallRefusal> {
        let answers = Terminal::new(Box::new(self.shown.clone()));
        uninstall::run(&self.machine, (&self.fake, &self.timer), &answers).await
    }

    /// The files of the service that are there, with their content.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = self.machine.manager(&self.fake).unwrap().files;
        files.into_iter().filter_map(|file| Some((file.path.clone(), read(&file.path).unwrap()?))).collect()
    }

    fn told_since(&self, before: usize) -> String {
        self.fake.told.borrow()[before..].join("\n")
    }

    fn units(&self) -> Vec<String> {
        let folder = self.home.path().join(".config/systemd/user");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn unit(&self, name: &str) -> PathBuf {
        self.home.path().join(".config/systemd/user").join(name)
    }
}

fn indented<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| ["    ", line, "\n"]).collect()
}

/// Of this machine alone, and no address of `localhost`, which another program may have. The tests of a process run side by side, and so may
/// two processes of them: each scene has an address that no other has. The port is none that a system gives to a connection.
fn address_of_its_own() -> SocketAddr {
    static SCENES: AtomicU32 = AtomicU32::new(1);
    let scene = SCENES.fetch_add(1, Ordering::Relaxed);
    assert!(scene < 255, "more scenes than addresses");
    let process = (std::process::id() & 0x3fff) << 8;
    SocketAddr::from((Ipv4Addr::from_bits(0x7f40_0000 | process | scene), 28888))
}

const UNITS: [&str; 2] = ["backstage-oidc-helper.service", "backstage-oidc-helper.socket"];

#[actix_web::test]
async fn what_is_written_and_run_is_what_was_shown_before() {
    let scene = Scene::new();
    scene.install_for_sure().await.unwrap();
    assert_eq!(scene.units(), UNITS);
    let shown = scene.shown.text();
    for name in UNITS {
        let text = std::fs::read_to_string(scene.unit(name)).unwrap();
        let text = indented(text.lines());
        assert!(shown.contains(&format!("Writes {}:\n{text}", scene.unit(name).display())), "{shown}");
    }
    let told = scene.fake.told.borrow().clone();
    assert_eq!(
        told[1..],
        ["systemctl --user daemon-reload", "systemctl --user enable --now backstage-oidc-helper.socket"]
    );
    let told = indented(told[1..].iter().map(String::as_str));
    assert!(shown.contains(&format!("Runs:\n{told}")), "{shown}");
}

#[actix_web::test]
async fn a_second_time_changes_nothing_and_a_new_setting_replaces_the_old_one() {
    let scene = Scene::new();
    scene.install_for_sure().await.unwrap();
    let before = scene.fake.told.borrow().len();
    // The port is not looked at: it is the service's own.
    scene.install_for_sure().await.unwrap();
    assert_eq!(scene.fake.told.borrow().len(), before + 1, "only whether systemd answers");
    assert!(scene.shown.text().contains("nothing was changed"));
    scene.install(Asking::SaidBefore, "http://127.0.0.1:7007").await.unwrap();
    let told = scene.fake.told.borrow()[before + 2..].join("\n");
    assert!(
        told.starts_with("systemctl --user disable --now")
            && told.ends_with("enable --now backstage-oidc-helper.socket"),
        "{told}"
    );
    let unit = std::fs::read_to_string(scene.unit(UNITS[0])).unwrap();
    assert!(unit.contains("http://127.0.0.1:7007") && !unit.contains("localhost:7007"), "{unit}");
}

#[actix_web::test]
async fn a_socket_that_the_user_has_disabled_is_enabled_again() {
    let mut scene = Scene::new();
    scene.install_for_sure().await.unwrap();
    scene.fake.fails = ["is-enabled"].into();
    let before = scene.fake.told.borrow().len();
    scene.install_for_sure().await.unwrap();
    assert!(scene.fake.told.borrow()[before..].iter().any(|line| line.contains("enable --now")));
}

#[actix_web::test]
async fn a_command_that_fails_leaves_nothing_behind() {
    let mut scene = Scene::new();
    scene.fake.fails = ["enable --now"].into();
    let error = scene.install_for_sure().await.unwrap_err();
    assert!(error.to_string().contains("Access denied") && error.exit_code() == 1, "{error}");
    assert_eq!(scene.units(), [""; 0]);
}

#[actix_web::test]
async fn root_containers_and_machines_without_a_manager_are_told_what_to_do_instead() {
    let change = |change: fn(&mut Scene), words: &'static str, code: u8| (change, words, code);
    let cases = [
        change(|scene| scene.machine.user = 0, "run it without sudo", 2),
        change(|scene| scene.machine.is_container = true, "--restart unless-stopped", 2),
        change(|scene| scene.machine.configuration = None, "set HOME", 1),
        change(
            |scene| scene.fake.fails = ["show"].into(),
            "systemctl --user show --property=Version fails (Access denied)",
            1,
        ),
    ];
    for (change, words, code) in cases {
        let mut scene = Scene::new();
        change(&mut scene);
        let error = scene.install_for_sure().await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!((error.exit_code(), scene.units()), (code, vec![]), "{error}");
    }
    let mut scene = Scene::new();
    scene.fake.fails = ["show"].into();
    scene.machine.has_runtime_directory = false;
    assert!(scene.install_for_sure().await.unwrap_err().to_string().contains("after su or sudo"));
    scene.machine.is_wsl = true;
    assert!(scene.install_for_sure().await.unwrap_err().to_string().contains("/etc/wsl.conf"));
}

#[actix_web::test]
async fn a_path_that_systemd_does_not_take_is_refused_before_anything_is_written() {
    let mut scene = Scene::new();
    let folder = scene.home.path().join("felix's");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("helper"), "").unwrap();
    scene.machine.executable = Ok(folder.join("helper"));
    let error = scene.install_for_sure().await.unwrap_err().to_string();
    assert!(error.contains("felix's") && error.contains("move it elsewhere"), "{error}");
    assert_eq!(scene.units(), [""; 0]);
}

#[actix_web::test]
async fn a_backend_that_was_never_confirmed_is_not_installed() {
    let scene = Scene::new();
    let error = scene.install(Asking::SaidBefore, "https://b.example").await.unwrap_err();
    assert!(matches!(error, HelperError::NotConfirmed { .. }), "{error}");
    assert_eq!(scene.units(), [""; 0]);
}

#[actix_web::test]
async fn what_another_program_has_written_is_neither_replaced_nor_removed() {
    let scene = Scene::new();
    let unit = scene.unit(UNITS[1]);
    std::fs::create_dir_all(unit.parent().unwrap()).unwrap();
    std::fs::write(&unit, "[Socket]\nListenStream=1\n").unwrap();
    let error = scene.install_for_sure().await.unwrap_err().to_string();
    assert!(error.contains("was not written by proxy install"), "{error}");
    assert_eq!(scene.units(), [UNITS[1]]);
    assert!(matches!(scene.uninstall().await, Err(InstallRefusal::OthersFile(path)) if path == unit));
    assert_eq!(scene.units(), [UNITS[1]]);
}

#[actix_web::test]
async fn all_that_was_installed_is_removed_and_nothing_is_no_error() {
    let scene = Scene::new();
    scene.uninstall().await.unwrap();
    assert!(scene.shown.text().contains("Nothing is installed"));
    scene.install_for_sure().await.unwrap();
    std::fs::write(scene.unit("own.service"), "").unwrap();
    scene.uninstall().await.unwrap();
    assert_eq!(scene.units(), ["own.service"]);
    let told = scene.fake.told.borrow().join("\n");
    assert!(
        told.ends_with(
            "stop backstage-oidc-helper.socket backstage-oidc-helper.service\nsystemctl --user daemon-reload"
        ),
        "{told}"
    );
    assert!(scene.shown.text().contains(&format!("Removed {}", scene.unit(UNITS[0]).display())));
}

#[actix_web::test]
async fn a_port_that_another_program_has_is_named() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let ours = nix::unistd::geteuid().as_raw();
    let taken = helper_port::free_addresses(&[address], ours).await.unwrap_err();
    assert!(matches!(taken, InstallRefusal::Listen(_)) && taken.exit_code() == 3, "{taken}");
    let of_other = helper_port::free_addresses(&[address], ours + 1).await.unwrap_err();
    assert!(of_other.to_string().contains("another user of this machine"), "{of_other}");
    assert_eq!(helper_port::own_addresses(&[address]), [address]);
    assert_eq!(helper_port::own_addresses(&[])[0].port(), 8888);
}
