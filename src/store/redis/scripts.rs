//! Lua scripts for the operations that Redis must do atomically. Each touches keys of one hash tag only.

use std::time::Duration;

use redis::{Script, ScriptInvocation};

use crate::store::HeldLock;

/// Writes ARGV[2] to KEYS[1] if it is ARGV[1], or if it is ARGV[2] already, so that a write can be repeated when its answer was lost.
const SWAP: &str = r"
local record = redis.call('GET', KEYS[1])
if record ~= ARGV[1] and record ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

/// Writes ARGV[3] to KEYS[2] if it is ARGV[2] and the lock at KEYS[1] is ARGV[1]; the lock's time to live becomes ARGV[5]. If KEYS[2]
/// is ARGV[3] already, it is written again without the lock.
const SWAP_UNDER: &str = r"
local owned = redis.call('GET', KEYS[1]) == ARGV[1]
local record = redis.call('GET', KEYS[2])
if record ~= ARGV[3] and not (owned and record == ARGV[2]) then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
if owned then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return 1
";

/// Removes the record at KEYS[1] only if it is still ARGV[1].
const DELETE_SEEN: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
";

/// Adds ARGV[1] to the sorted set KEYS[1] for ARGV[2] milliseconds, if it holds fewer than ARGV[3] others. The score is when a member
/// expires by Redis' own clock, the only one that all replicas share.
const ENTER: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], last[2])
return 1
";

/// The scripts; the driver loads one when Redis does not have it yet.
pub(super) struct Scripts {
    swap: Script,
    swap_under: Script,
    delete_seen: Script,
    enter: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            swap: Script::new(SWAP),
            swap_under: Script::new(SWAP_UNDER),
            delete_seen: Script::new(DELETE_SEEN),
            enter: Script::new(ENTER),
        }
    }

    pub(super) fn swap(&self, key: &str, seen: &[u8], value: &[u8], ttl: Duration) -> ScriptInvocation<'_> {
        let mut swap = self.swap.key(key);
        swap.arg(seen).arg(value).arg(milliseconds(ttl));
        swap
    }

    pub(super) fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &str,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> ScriptInvocation<'_> {
        let mut swap = self.swap_under.key(held.lock);
        swap.key(key).arg(held.owner).arg(seen).arg(value);
        swap.arg(milliseconds(ttl)).arg(milliseconds(held.life));
        swap
    }

    pub(super) fn delete_seen(&self, key: &str, seen: &[u8]) -> ScriptInvocation<'_> {
        let mut delete = self.delete_seen.key(key);
        delete.arg(seen);
        delete
    }

    pub(super) fn enter(&self, set: &str, member: &str, ttl: Duration, limit: usize) -> ScriptInvocation<'_> {
        let mut enter = self.enter.key(set);
        enter.arg(member).arg(milliseconds(ttl)).arg(limit);
        enter
    }
}

/// A time to live in milliseconds; Redis does not accept zero.
pub(super) fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
