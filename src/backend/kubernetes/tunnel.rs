//! The bytes of an upgraded connection, both ways. What one side does not read the other cannot send: each way has one buffer.

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::lasting::Watch;
use crate::backend::inbound::connection::RawStream;
use crate::outbound::streaming::Switched;

/// One way's buffer, in bytes.
const BUFFER: usize = 16 << 10;
/// How long the way that is left may be silent after the other has ended: a side that is gone for good ends only the one.
const SILENT_HALF: Duration = Duration::from_mins(1);

/// Passes bytes on between a caller and an API server that has switched protocols, until both ways have ended or the tunnel has to end.
pub async fn through(caller: oneshot::Receiver<RawStream>, api: Switched, mut watch: Watch) {
    // Neither comes where its connection has ended by then.
    let (Ok(caller), Ok(api)) = join(caller, api.stream()).await else { return };
    tokio::select! {
        biased;
        // The line in the log is written there.
        _ = watch.ended() => {}
        carried = carry(caller, api, SILENT_HALF) => if let Err(error) = carried {
            tracing::debug!(%error, "an upgraded connection broke");
        },
    }
}

/// Carries both ways to their ends.
async fn carry(caller: RawStream, api: impl AsyncRead + AsyncWrite, silent_half: Duration) -> io::Result<()> {
    let moved = Cell::new(0);
    let (from_caller, to_caller) = split(caller.io);
    let (from_api, to_api) = split(api);
    let up = pin!(pass(&caller.behind, from_caller, to_api, &moved));
    let down = pin!(pass(&[], from_api, to_caller, &moved));
    match select(up, down).await {
        Either::Left((Ok(()), left)) => rest(left, &moved, silent_half).await,
        Either::Right((Ok(()), left)) => rest(left, &moved, silent_half).await,
        Either::Left((broken, _)) | Either::Right((broken, _)) => broken,
    }
}

/// One way, to its end, which is passed on, too.
async fn pass(
    first: &[u8],
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    moved: &Cell<u64>,
) -> io::Result<()> {
    to.write_all(first).await?;
    let mut buffer = vec![0; BUFFER];
    loop {
        to.flush().await?;
        let count = from.read(&mut buffer).await?;
        moved.set(moved.get().wrapping_add(1));
        match buffer.get(..count) {
            Some(read) if count > 0 => to.write_all(read).await?,
            _ => return to.shutdown().await,
        }
        moved.set(moved.get().wrapping_add(1));
    }
}

/// The way that is left, for as long as anything moves on it.
async fn rest(
    way: impl Future<Output = io::Result<()>>,
    moved: &Cell<u64>,
    silent: Duration,
) -> io::Result<()> {
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
        ended = way => ended,
        () = silence => Ok(()),
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
        let (carried, ()) = join!(carry(near, far, LONG), both);
        carried.unwrap();
    }

    #[actix_web::test]
    async fn a_way_that_is_left_and_silent_does_not_stay() {
        let ((mut caller, near), (_api, far)) = (duplex(64), duplex(64));
        caller.shutdown().await.unwrap();
        let near = RawStream { io: Box::new(near), behind: Vec::new() };
        // Without that it would wait for ever.
        carry(near, far, Duration::from_millis(1)).await.unwrap();
    }
}
