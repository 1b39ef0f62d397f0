//! Logins as a version without an index by user kept them: sealed as in production, written as fast as Redis takes them.

use std::time::{Duration, Instant};

use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::store::sealing::{Keyring, Kind};
use redis::{Connection, Pipeline};
use serde_json::json;
use time::OffsetDateTime;

use crate::harness::programs::backend::SEALING_KEY;

/// How many are written at a time.
const AT_A_TIME: usize = 1_000;

/// The sizes of a real provider's tokens.
const ID_TOKEN: usize = 1_100;
const ACCESS_TOKEN: usize = 900;
const REFRESH_TOKEN: usize = 64;

/// Longer than the last write of a sweep takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than any login lives.
pub const KEPT: Duration = Duration::from_hours(24 * 37);

/// What was written.
pub struct Kept {
    pub seconds: f64,
    pub unused: usize,
    pub token_bytes: usize,
    pub memory_before: usize,
    one_in: usize,
    unused_until: i64,
}

impl Kept {
    /// A login that is in use, another for each number.
    pub fn used(&self, number: usize) -> usize {
        number * self.one_in + 1
    }

    /// How many are still noted as unused.
    pub fn unused_left(&self, redis: &str) -> usize {
        let count = redis::Cmd::zcount("cluster-auth:logins", "-inf", self.unused_until);
        count.query(&mut connect(redis)).unwrap()
    }
}

/// How many are left at all, once both indexes say the same: a login that ends leaves one index after the other.
pub fn left(redis: &str) -> usize {
    let mut redis = connect(redis);
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let [by_moment, by_user]: [usize; 2] = redis::pipe()
            .zcard("cluster-auth:logins")
            .zcard("cluster-auth:logins-by-user")
            .query(&mut redis)
            .unwrap();
        if by_moment == by_user {
            return by_moment;
        }
        assert!(Instant::now() < deadline, "{by_moment} logins by moment, {by_user} by user");
    }
}

/// The user of that number.
pub fn user(number: usize) -> String {
    format!("user:default/person-{number:07}")
}

/// Keeps so many logins, of which each `one_in`th is unused.
pub fn fill(redis: &str, issuer: &str, logins: usize, one_in: usize) -> Kept {
    let (began, now) = (Instant::now(), OffsetDateTime::now_utc());
    let memory_before = used_memory(redis);
    let keyring = Keyring::parse(SEALING_KEY).unwrap();
    let halves = [0..logins / 2, logins / 2..logins];
    std::thread::scope(|scope| {
        for half in halves {
            let keyring = &keyring;
            scope.spawn(move || {
                let mut redis = connect(redis);
                let numbers: Vec<usize> = half.collect();
                for chunk in numbers.chunks(AT_A_TIME) {
                    let mut writes = redis::pipe();
                    for number in chunk {
                        keep(&mut writes, keyring, issuer, *number, last_use(*number, logins, one_in, now));
                    }
                    writes.exec(&mut redis).unwrap();
                }
            });
        }
    });
    Kept {
        seconds: began.elapsed().as_secs_f64(),
        unused: logins.div_ceil(one_in),
        token_bytes: ID_TOKEN + ACCESS_TOKEN + REFRESH_TOKEN,
        memory_before,
        one_in,
        unused_until: milliseconds(now - time::Duration::days(31)),
    }
}

/// Those in use were used in the last 29 days, the others in the week before the last 31.
fn last_use(number: usize, logins: usize, one_in: usize, now: OffsetDateTime) -> OffsetDateTime {
    let share = u32::try_from(number).unwrap();
    let all = u32::try_from(logins).unwrap();
    let (from, spread) = if number.is_multiple_of(one_in) { (38, 6) } else { (29, 28) };
    now - time::Duration::days(from) + time::Duration::days(spread) * share / all
}

fn keep(writes: &mut Pipeline, keyring: &Keyring, issuer: &str, number: usize, last_use: OffsetDateTime) {
    let user = user(number);
    let login = format!("{user}|dev");
    let record = record(issuer, number).to_string();
    let sealed = keyring.seal(&SystemRandom, Kind::Tokens, &[&user, "dev"], record.as_bytes()).unwrap();
    let key = format!("cluster-auth:login:{{{login}}}");
    let ttl = u64::try_from(KEPT.as_millis()).unwrap();
    writes.cmd("SET").arg(key).arg(sealed).arg("PX").arg(ttl).ignore();
    writes.cmd("ZADD").arg("cluster-auth:logins").arg(milliseconds(last_use)).arg(login).ignore();
}

/// A login's record, before it is sealed.
pub fn record(issuer: &str, number: usize) -> serde_json::Value {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let token = |length: usize| format!("{number:0length$}");
    json!({ "version": 1, "state": { "Live": {
        "id": token(43),
        "issuer": issuer,
        "audience": "kubernetes",
        "subject": format!("auth0|{}", token(24)),
        "organization": "org_dev",
        "catalog_email": null,
        "tokens": {
            "id_token": token(ID_TOKEN),
            "issued_at": now,
            "expires_at": now + 3 * 24 * 3_600,
            "access_token": token(ACCESS_TOKEN),
            "access_token_expires_at": now + 24 * 3_600,
            "refresh_token": token(REFRESH_TOKEN),
        },
        "intent": null,
    } } })
}

fn milliseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap()
}

/// What Redis has in use, in bytes.
pub fn used_memory(redis: &str) -> usize {
    let info: redis::InfoDict = redis::cmd("INFO").arg("memory").query(&mut connect(redis)).unwrap();
    info.get("used_memory").expect("Redis says what it uses")
}

fn connect(redis: &str) -> Connection {
    redis::Client::open(redis).unwrap().get_connection().unwrap()
}
