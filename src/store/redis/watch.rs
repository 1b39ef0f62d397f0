//! Notices that the sentinels name another master.
//!
//! A master that was replaced while it lives takes itself for one until the sentinels demote it, some ten seconds later. They tell
//! of a new one to whoever listens; where one of them cannot be listened to, they are asked again and again instead.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, join_all, select_all};
use redis::aio::{PubSubSink, PubSubStream};
use tokio::time::timeout;

use super::driver::server_of;
use super::sentinel::Sentinels;
use crate::clock::Timer;

/// Whether a connection is given up.
pub(super) type Lost = tokio::sync::watch::Sender<bool>;

/// How rarely sentinels are asked that are listened to; each is then made to speak, too, so that no silence is taken for peace.
pub(super) const RARELY: Duration = Duration::from_secs(10);

/// Gives a connection to `server` up when the sentinels name another, for as long as there is a connection. While not all of them are
/// listened to, they are asked as often as `often` says; it is also as long as they may take.
pub(super) async fn watch(
    sentinels: Arc<Sentinels>,
    server: String,
    connection: Weak<Lost>,
    often: Duration,
    timer: &dyn Timer,
) {
    let Some(mut lost) = connection.upgrade().map(|lost| lost.subscribe()) else { return };
    let mut ears = Ears::new(sentinels.count());
    loop {
        // First listen, then ask: nothing is missed in between.
        ears.open(&sentinels, often).await;
        // Sentinels that do not answer say nothing against it.
        let is_replaced = sentinels.master(often).await.is_ok_and(|named| server_of(&named) != server);
        if is_replaced && let Some(lost) = connection.upgrade() {
            lost.send_replace(true);
        }
        let next = if ears.hear_all() { RARELY } else { often };
        tokio::select! {
            // Also when there is no connection any more.
            _ = lost.wait_for(|lost| *lost) => return,
            () = ears.news() => {}
            () = timer.wait(next) => {}
        }
    }
}

/// A subscription at a sentinel: what it tells, and a way to make it speak.
struct Ear {
    told: PubSubStream,
    sink: PubSubSink,
}

/// The subscriptions, one a sentinel; none at one that cannot be listened to.
struct Ears(Vec<Option<Ear>>);

impl Ears {
    fn new(sentinels: usize) -> Self {
        Self(std::iter::repeat_with(|| None).take(sentinels).collect())
    }

    /// Makes sure of those that are open, and opens the others.
    async fn open(&mut self, sentinels: &Sentinels, patience: Duration) {
        let each = self.0.iter_mut().enumerate().map(async |(number, ear)| {
            if let Some(open) = ear
                && !matches!(timeout(patience, open.sink.ping::<redis::Value>()).await, Ok(Ok(_)))
            {
                *ear = None;
            }
            if ear.is_none()
                && let Ok(Ok((sink, told))) = timeout(patience, sentinels.listen(number)).await
            {
                *ear = Some(Ear { told, sink });
            }
        });
        join_all(each).await;
    }

    fn hear_all(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// Returns when there may be another master, or one sentinel is not to be heard any more.
    async fn news(&mut self) {
        let open = self.0.iter_mut().enumerate().filter_map(|(number, ear)| Some((number, ear.as_mut()?)));
        let each: Vec<_> =
            open.map(|(number, ear)| ear.told.next().map(move |told| (number, told))).collect();
        if each.is_empty() {
            return std::future::pending().await;
        }
        let ((number, told), ..) = select_all(each).await;
        if told.is_none()
            && let Some(ear) = self.0.get_mut(number)
        {
            *ear = None;
        }
    }
}
