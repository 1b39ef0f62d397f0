//! A command's time and the most memory that it had.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::world::World;

/// Between two looks whether a command is done.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A command that ended well.
pub struct Measured {
    seconds: f64,
    peak: u64,
    out: PathBuf,
}

impl Measured {
    /// Runs a command to its end; what it says goes to files.
    pub fn of(world: &World, command: &mut Command) -> Self {
        let out = world.file("command.out");
        command.stdin(Stdio::null());
        command.stdout(File::create(&out).unwrap()).stderr(File::create(world.file("command.log")).unwrap());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut peak = 0;
        let status = loop {
            peak = peak.max(peak_of(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(LOOK_AGAIN);
        };
        assert!(status.success(), "{command:?} ended with {status}");
        Self { seconds: began.elapsed().as_secs_f64(), peak, out }
    }

    /// What it printed.
    pub fn out(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap()
    }

    /// How many lines that is.
    pub fn lines(&self) -> usize {
        BufReader::new(File::open(&self.out).unwrap()).lines().count()
    }

    /// Asserts that it had no more memory.
    pub fn assert_small(&self, most: u64) {
        assert!(self.peak <= most, "it took {} bytes", self.peak);
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s with a peak of {} MiB", self.seconds, self.peak >> 20)
    }
}

/// The most memory that a process had so far, in bytes; 0 for one that has ended.
pub fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    peak.map_or(0, |kib| kib.trim().parse::<u64>().unwrap() << 10)
}
