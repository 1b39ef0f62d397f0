//! The proxy as systemd starts it: at sockets that were there before it, and that stay when it ends.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crate::harness::process::Process;
use crate::harness::programs::command::Ended;
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan, Visitor};
use crate::harness::world::World;

/// In its log.
const LISTENS: &str = "control_addresses";

/// A shell gets the socket as its input, and gives it to the program as systemd does.
const HAND_OVER: &str = "exec 3<&0 </dev/null; LISTEN_PID=$$ exec \"$0\" proxy";

/// The proxy, and the socket with this name for it.
fn command(socket: &TcpListener, plan: &ProxyPlan, name: &str) -> (Command, Stdio) {
    let mut shell = Command::new("sh");
    shell.args(["-c", HAND_OVER, env!("CARGO_BIN_EXE_backstage-oidc-helper")]);
    shell.env_clear().envs(plan.variables()).env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", name);
    (shell, Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
}

/// Both addresses of `localhost` in one.
fn open_socket() -> TcpListener {
    TcpListener::bind("[::]:8888").unwrap()
}

#[test]
fn it_ends_by_itself_when_it_is_not_used_and_the_next_one_answers_what_came_meanwhile() {
    let world = World::new("proxy_on_demand");
    let plan = ProxyPlan::new(&world, "http://127.0.0.1:9").with("LOGIN_TIMEOUT", "1s");
    let socket = open_socket();
    let start = || {
        let (mut command, input) = command(&socket, &plan, "helper-port");
        Process::start_with_input("proxy", &mut command, world.file("proxy.log"), input)
    };
    let visitor = Visitor::new(&world, CONTROL);
    let mut first = start();
    // Its end, should it refuse to start, is noticed here.
    first.wait_for_line(LISTENS);
    assert_eq!(visitor.get("/status").status, 200);
    assert_eq!(first.wait().code(), Some(0), "{}", first.printed());
    first.wait_for_line("not used: ends until the next connection");
    // No process is there, and the connection waits.
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| visitor.get("/healthz"));
        let mut second = start();
        second.wait_for_line(LISTENS);
        assert_eq!(asked.join().unwrap().status, 200);
        assert_eq!(second.wait().code(), Some(0), "{}", second.printed());
    });
}

#[test]
fn sockets_of_another_name_are_refused_with_what_to_do() {
    let world = World::new("proxy_on_demand_other_name");
    let plan = ProxyPlan::new(&world, "http://127.0.0.1:9");
    let (mut command, input) = command(&open_socket(), &plan, "backstage-oidc-helper.socket");
    let ended = Ended::of(command.stdin(input), &world);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("set FileDescriptorName=helper-port"), "{}", ended.err);
}
