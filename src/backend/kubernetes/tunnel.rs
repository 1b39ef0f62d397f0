//! The bytes of an upgraded connection, both ways. What one side does not read the other cannot send: each way has one buffer.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::audit::{Closed, OpenUse};
use super::lasting::Watch;
use crate::backend::inbound::connection::RawStream;
use crate::outbound::streaming::Switched;

/// One way's buffer, in bytes.
const BUFFER: usize = 16 << 10;
/// How long the way that is left may be silent after the other has ended: a side that is gone for good ends only the one.
const SILENT_HALF: Duration = Duration::from_mins(1);

/// Passes bytes on between a caller and an API server that has switched protocols, until both ways have ended or the tunnel has to end.
/// `open` hears why.
pub async fn through(
    caller: oneshot::Receiver<RawStream>,
    api: Switched,
    (mut watch, open): (Watch, OpenUse),
) {
    let carried = async {
        // Neither comes where its connection has ended by then, and the caller's not before it takes what was answered before.
        match join(caller, api.stream()).await {
            (Ok(caller), Ok(api)) => carry(caller, api, SILENT_HALF, |closed| open.because(closed)).await,
            (Ok(_), Err(_)) => open.because(Closed::CutShort),
            (Err(_), _) => {}
        }
    };
    tokio::select! {
        biased;
        // The line in the log is written there, and the audit log knows, too.
        _ = watch.ended() => {}
        () = carried => {}
    }
}

/// Carries both ways to their ends; `first` hears which side ended first.
async fn carry(
    caller: RawStream,
    api: impl AsyncRead + AsyncWrite,
    silent: Duration,
    first: impl Fn(Closed),
) {
    let (moved_up, moved_down) = (Cell::new(0), Cell::new(0));
    let (from_caller, to_caller) = split(caller.io);
    let (from_api, to_api) = split(api);
    let up = pin!(pass(&caller.behind, from_caller, to_api, &moved_up, silent));
    let down = pin!(pass(&[], from_api, to_caller, &moved_down, silent));
    match select(up, down).await {
        Either::Left((ended, left)) => {
            first(match ended {
                Ok(()) | Err(Broken::Reading) => Closed::ByCaller,
                Err(Broken::Writing) => Closed::CutShort,
            });
            rest(left, &moved_down, silent).await;
        }
        Either::Right((ended, left)) => {
            first(match ended {
                Ok(()) => Closed::ByApi,
                Err(Broken::Reading) => Closed::CutShort,
                Err(Broken::Writing) => Closed::ByCaller,
            });
            rest(left, &moved_up, silent).await;
        }
    }
}

/// Where a way broke.
#[derive(Clone, Copy)]
enum Broken {
    /// Its first side broke off.
    Reading,
    /// Its other side takes nothing any more.
    Writing,
}

/// One way, to its end, which is passed on, too. What nothing takes any more is read nevertheless, for a while: a connection that is
/// closed with something unread is reset, and its other side loses what it has not read.
async fn pass(
    first: &[u8],
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    moved: &Cell<u64>,
    silent: Duration,
) -> Result<(), Broken> {
    let ended = copy(first, &mut from, &mut to, moved).await;
    match ended {
        Ok(()) | Err(Broken::Reading) => {
            let _ = to.shutdown().await;
        }
        Err(Broken::Writing) => {
            let _ = timeout(silent, tokio::io::copy(&mut from, &mut tokio::io::sink())).await;
        }
    }
    ended
}

async fn copy(
    first: &[u8],
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    moved: &Cell<u64>,
) -> Result<(), Broken> {
    to.write_all(first).await.map_err(|_| Broken::Writing)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        to.flush().await.map_err(|_| Broken::Writing)?;
        moved.set(moved.get().wrapping_add(1));
        let count = from.read(&mut buffer).await.map_err(|_| Broken::Reading)?;
        moved.set(moved.get().wrapping_add(1));
        match buffer.get(..count) {
            Some(read) if count > 0 => to.write_all(read).await.map_err(|_| Broken::Writing)?,
            _ => return Ok(()),
        }
    }
}

/// The way that is left, for as long as anything moves on it.
async fn rest<T>(way: impl Future<Output = T>, moved: &Cell<u64>, silent: Duration) {
    let silence = async {
        loop {
            let before = moved.get();
            sleep(silent).await;
            if moved.get() == before {
                return;
            }
        }
    };
    tokio::select! {
        _ = way => {}
        () = silence => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;
    use tokio::join;

    use super::*;

    const LONG: Duration = Duration::from_mins(5);

    #[actix_web::test]
    async fn what_came_before_the_answer_comes_first_and_each_way_ends_on_its_own() {
        let ((mut caller, near), (mut api, far)) = (duplex(64), duplex(64));
        let near = RawStream { io: Box::new(near), behind: b"early, ".to_vec() };
        let both = async {
            caller.write_all(b"late").await.unwrap();
            caller.shutdown().await.unwrap();
            let mut said = String::new();
            api.read_to_string(&mut said).await.unwrap();
            assert_eq!(said, "early, late");
            api.write_all(b"answer").await.unwrap();
            drop(api);
            said.clear();
            caller.read_to_string(&mut said).await.unwrap();
            assert_eq!(said, "answer");
        };
        let first = Cell::new(None);
        join!(carry(near, far, LONG, |closed| first.set(Some(closed))), both);
        assert_eq!(first.get(), Some(Closed::ByCaller));
    }

    /// Such as pings: closing the connection with one of them unread would lose what its other side has not read.
    #[actix_web::test]
    async fn a_side_that_goes_on_sending_after_the_other_is_gone_is_read_to_its_end() {
        let ((mut caller, near), (mut api, far)) = (duplex(64), duplex(64));
        let near = RawStream { io: Box::new(near), behind: Vec::new() };
        let both = async {
            api.write_all(b"the last of it").await.unwrap();
            drop(api);
            for _ in 0..20 {
                caller.write_all(&[0; 64]).await.unwrap();
            }
            caller.shutdown().await.unwrap();
            let mut said = String::new();
            caller.read_to_string(&mut said).await.unwrap();
            assert_eq!(said, "the last of it");
        };
        let first = Cell::new(None);
        join!(carry(near, far, LONG, |closed| first.set(Some(closed))), both);
        assert_eq!(first.get(), Some(Closed::ByApi));
    }

    #[actix_web::test]
    async fn a_way_that_is_left_and_silent_does_not_stay() {
        let ((mut caller, near), (_api, far)) = (duplex(64), duplex(64));
        caller.shutdown().await.unwrap();
        let near = RawStream { io: Box::new(near), behind: Vec::new() };
        // Without that it would wait for ever.
        carry(near, far, Duration::from_millis(1), |_| {}).await;
    }
}
