//! A relay between each replica and Redis, which stops one of the writes that a refresh makes: before Redis has it, or when
//! it is done and its answer is on the way. What was stopped never goes on: its replica is to be killed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Longer than it takes until a write comes to be stopped, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Sent behind a write: Redis does a connection's commands in turn, so with its answer there is that of the write.
const MARKER: &[u8] = b"*2\r\n$4\r\nECHO\r\n$11\r\nstorm-write\r\n";
/// A write that was done (`1`), and the marker behind it.
const DONE: &[u8] = b":1\r\n$11\r\nstorm-write\r\n";

/// Where a write stops.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// Redis never hears of it.
    BeforeRedis,
    /// Redis has done it, its replica does not know.
    BeforeAnswer,
}

/// Which of the writes under a login's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshWrite {
    /// The first: the token is about to be spent.
    Intent,
    /// The second: the new tokens.
    Tokens,
}

#[derive(Default)]
struct State {
    armed: Option<(RefreshWrite, Stop)>,
    /// How many writes went by since `arm`.
    writes: usize,
    /// The replica that wrote last.
    writer: Option<usize>,
    stopped: Option<usize>,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

/// A relay a replica.
pub struct RedisGate {
    /// The `REDIS_URL` of each replica.
    pub urls: Vec<String>,
    state: Shared,
}

impl RedisGate {
    /// Opens a way for each replica to the Redis at this port.
    pub fn open(redis: u16, replicas: usize) -> Self {
        let state = Shared::default();
        let urls = (0..replicas).map(|replica| open(redis, replica, &state)).collect();
        Self { urls, state }
    }

    /// Stops that write, whichever replica is the first to make it.
    pub fn arm(&self, write: RefreshWrite, stop: Stop) {
        *self.state.0.lock().unwrap() = State { armed: Some((write, stop)), ..State::default() };
    }

    /// Waits until the write is stopped; answers with the replica that made it.
    pub fn wait_stopped(&self) -> usize {
        let (lock, changed) = &*self.state;
        let waiting = |state: &mut State| state.stopped.is_none();
        let (state, _) = changed.wait_timeout_while(lock.lock().unwrap(), TIMEOUT, waiting).unwrap();
        state.stopped.expect("no write came to be stopped")
    }

    /// The replica that wrote last.
    pub fn last_writer(&self) -> usize {
        self.state.0.lock().unwrap().writer.expect("no replica wrote under a lock")
    }
}

fn open(redis: u16, replica: usize, state: &Shared) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let redis = TcpStream::connect(("127.0.0.1", redis)).unwrap();
            relay(replica, client, redis, &state);
        }
    });
    url
}

/// Passes on what comes from both sides until one of them is gone.
fn relay(replica: usize, client: TcpStream, redis: TcpStream, state: &Shared) {
    client.set_nodelay(true).unwrap();
    redis.set_nodelay(true).unwrap();
    let withheld = Arc::new(AtomicBool::new(false));
    let (to_client, from_redis) = (client.try_clone().unwrap(), redis.try_clone().unwrap());
    let (told, at) = (Arc::clone(state), Arc::clone(&withheld));
    std::thread::spawn(move || {
        let _ = answers(from_redis, &to_client, &at, || stopped(&told, replica));
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        let _ = commands(client, &redis, &withheld, replica, &state);
        let _ = redis.shutdown(Shutdown::Both);
    });
}

fn commands(
    client: TcpStream,
    mut redis: &TcpStream,
    withheld: &AtomicBool,
    replica: usize,
    state: &Shared,
) -> io::Result<()> {
    let mut client = BufReader::new(client);
    while let Some(command) = Command::read(&mut client)? {
        let stop = command.writes_under_a_lock().then(|| noted(state, replica)).flatten();
        match stop {
            None => redis.write_all(&command.raw)?,
            Some(Stop::BeforeRedis) => {
                stopped(state, replica);
                return io::copy(&mut client, &mut io::sink()).map(drop);
            }
            Some(Stop::BeforeAnswer) => {
                withheld.store(true, Ordering::SeqCst);
                redis.write_all(&[&command.raw, MARKER].concat())?;
            }
        }
    }
    Ok(())
}

fn answers(
    mut redis: TcpStream,
    mut client: &TcpStream,
    withheld: &AtomicBool,
    done: impl Fn(),
) -> io::Result<()> {
    let mut chunk = [0; 16 << 10];
    let mut kept = Vec::new();
    loop {
        let length = redis.read(&mut chunk)?;
        let answered = &chunk[..length];
        if answered.is_empty() {
            return Ok(());
        }
        if !withheld.load(Ordering::SeqCst) {
            client.write_all(answered)?;
            continue;
        }
        kept.extend_from_slice(answered);
        if kept.windows(DONE.len()).any(|bytes| bytes == DONE) {
            done();
            return io::copy(&mut redis, &mut io::sink()).map(drop);
        }
    }
}

/// Counts a write; whether it has to stop.
fn noted(state: &Shared, replica: usize) -> Option<Stop> {
    let mut state = state.0.lock().unwrap();
    state.writes += 1;
    state.writer = Some(replica);
    let write = if state.writes == 1 { RefreshWrite::Intent } else { RefreshWrite::Tokens };
    let armed = state.armed.take_if(|(wanted, _)| *wanted == write);
    armed.map(|(_, stop)| stop)
}

fn stopped(state: &Shared, replica: usize) {
    state.0.lock().unwrap().stopped = Some(replica);
    state.1.notify_all();
}

/// A command as clients of Redis send it: an array of bulk strings.
struct Command {
    raw: Vec<u8>,
    arguments: Vec<Vec<u8>>,
}

impl Command {
    /// The next one; `None` when the client is gone.
    fn read(client: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut command = Self { raw: Vec::new(), arguments: Vec::new() };
        let Some(count) = command.read_number(client, '*')? else { return Ok(None) };
        for _ in 0..count {
            let Some(length) = command.read_number(client, '$')? else { return Ok(None) };
            let mut argument = vec![0; length + 2];
            client.read_exact(&mut argument)?;
            command.raw.extend_from_slice(&argument);
            argument.truncate(length);
            command.arguments.push(argument);
        }
        Ok(Some(command))
    }

    fn read_number(&mut self, client: &mut impl BufRead, sign: char) -> io::Result<Option<usize>> {
        let mut line = Vec::new();
        if client.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let number = text.trim_end().strip_prefix(sign).and_then(|number| number.parse().ok());
        self.raw.extend_from_slice(&line);
        Ok(Some(number.expect("not a command of Redis")))
    }

    /// Whether it is the one script with two keys: a login's lock, and the record that is written under it.
    fn writes_under_a_lock(&self) -> bool {
        let [name, _, keys, lock, ..] = self.arguments.as_slice() else { return false };
        name.eq_ignore_ascii_case(b"EVALSHA")
            && keys == b"2"
            && String::from_utf8_lossy(lock).contains(":login-lock:")
    }
}
