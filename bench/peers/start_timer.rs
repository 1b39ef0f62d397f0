//! Starts a program and tells, for `make bench`, after how many microseconds it accepts its first connection, and how much memory it has
//! taken at most by then and a while later. `start_timer PORT SETTLE_MS PROGRAM ARGUMENT…`
//!
//! A program of its own, because a process of Node takes longer to start another than ours takes to listen. It waits on the last processor
//! and starts the program on the first: on one that they shared, the program would wait for its turn.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Longer than any of them takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    // Behind the name of the program.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, settle, program, rest @ ..] = arguments.as_slice() else { return ExitCode::from(2) };
    let (Ok(port), Ok(settle)) = (port.parse(), settle.parse()) else { return ExitCode::from(2) };
    match measure(port, Duration::from_millis(settle), program, rest) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{{\"error\":{:?}}}", error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn measure(port: u16, settle: Duration, program: &str, arguments: &[String]) -> io::Result<String> {
    let processors = thread::available_parallelism()?.get();
    keep_to(processors - 1)?;
    let spawn = || {
        keep_to(0)?;
        let began = Instant::now();
        let mut command = Command::new(program);
        let command =
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok::<_, io::Error>((began, command.spawn()?))
    };
    let (began, mut child) = thread::scope(|scope| scope.spawn(spawn).join())
        .map_err(|_| io::Error::other("it has panicked"))??;
    let measured = measured(&mut child, port, settle, began);
    child.kill()?;
    child.wait()?;
    measured
}

fn measured(child: &mut Child, port: u16, settle: Duration, began: Instant) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    while TcpStream::connect(address).is_err() {
        if child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
            return Err(io::Error::other("it has ended, or takes too long"));
        }
    }
    let listening = began.elapsed();
    let then = peak_kib(child.id())?;
    thread::sleep(settle);
    let later = peak_kib(child.id())?;
    Ok(format!("{{\"microseconds\":{},\"thenKib\":{then},\"laterKib\":{later}}}", listening.as_micros()))
}

/// Keeps the calling thread, and what it starts, to one processor.
fn keep_to(processor: usize) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(processor)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &only)?)
}

/// The most that the process itself has had resident: what `getrusage` tells of a child counts its parent's pages, too.
fn peak_kib(pid: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse().ok());
    number.ok_or_else(|| io::Error::other("it has ended"))
}
