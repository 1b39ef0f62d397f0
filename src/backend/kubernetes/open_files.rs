//! How many connections, and so watches, the limit of open files leaves room for.

/// More streams than this no process keeps, whatever the limit of open files.
const MOST_STREAMS: u32 = 8_000;
/// Files for all else: short requests, the store, the identity provider.
const OTHER_FILES: u64 = 512;
/// A stream's connections: the caller's, which is known twice, and over HTTP/1.1 one to the API.
const FILES_A_STREAM: u64 = 3;

/// How many streams may be open at once. Raises the process's limit of open files as far as it may, as programs in Go do.
#[must_use]
pub fn streams_at_once() -> u32 {
    let Some(files) = raise_limit() else { return MOST_STREAMS };
    let streams = streams_within(files);
    if streams < MOST_STREAMS {
        tracing::warn!(
            files,
            streams,
            "the limit of open files leaves room for so many watches: raise it for more"
        );
    }
    streams
}

fn streams_within(files: u64) -> u32 {
    let streams = files.saturating_sub(OTHER_FILES) / FILES_A_STREAM;
    u32::try_from(streams).unwrap_or(MOST_STREAMS).clamp(1, MOST_STREAMS)
}

/// The limit then; none where there is none.
#[cfg(unix)]
fn raise_limit() -> Option<u64> {
    use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
    let (current, maximum) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = current < maximum && setrlimit(Resource::RLIMIT_NOFILE, maximum, maximum).is_ok();
    Some(if raised { maximum } else { current }).filter(|files| *files != RLIM_INFINITY)
}

#[cfg(not(unix))]
fn raise_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_leave_room_for_all_else() {
        assert_eq!([0, 514, 1_024, 20_000, u64::MAX].map(streams_within), [1, 1, 170, 6_496, 8_000]);
    }
}
