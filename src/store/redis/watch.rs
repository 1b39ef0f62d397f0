//! Notices that the sentinels name another master.
//!
//! A master that was replaced while it lives takes itself for one until the sentinels demote it, some ten seconds later. They tell
//! of a new one to whoever listens; where one of them cannot be listened to, they are asked again and again instead.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, join_all, select_all};
use redis::aio::{PubSubSink, PubSubStream};

use super::driver::server_of;
use super::sentinel::Sentinels;
use crate::clock::Timer;

/// Whether a connection is given up.
pub(super) type Lost = tokio::sync::watch::Sender<bool>;

/// How rarely sentinels are asked that are listened to; each is then made to speak, too, so that no silence is taken for peace.
pub(super) const SLOW_INTERVAL: Duration = Duration::from_secs(10);

/// Gives a connection to `server` up when the sentinels name another, for as long as there is a connection. While not all of them are
/// listened to, they are asked as often as `often` says; it is also as long as they may take.
pub(super) async fn watch(
    sentinels: Arc<Sentinels>,
    server: String,
    connection: Weak<Lost>,
    interval: Duration,
    timer: &dyn Timer,
) {
    let Some(mut lost) = connection.upgrade().map(|lost| lost.subscribe()) else { return };
    let mut subscriptions = Subscriptions::new(sentinels.count());
    loop {
        // First listen, then ask: nothing is missed in between.
        subscriptions.open(&sentinels, interval).await;
        // Sentinels that do not answer say nothing against it.
        let is_replaced = sentinels.master(interval).await.is_ok_and(|named| server_of(&named) != server);
        if is_replaced && let Some(lost) = connection.upgrade() {
            lost.send_replace(true);
        }
        let next = if subscriptions.are_complete() { SLOW_INTERVAL } else { interval };
        tokio::select! {
            // Also when there is no connection any more.
            _ = lost.wait_for(|lost| *lost) => return,
            () = subscriptions.news() => {}
            () = timer.wait(next) => {}
        }
    }
}

/// A subscription at a sentinel: what it tells, and a way to make it speak.
struct Subscription {
    told: PubSubStream,
    sink: PubSubSink,
}

/// The subscriptions, one a sentinel; none at one that cannot be listened to.
struct Subscriptions(Vec<Option<Subscription>>);

impl Subscriptions {
    fn new(sentinels: usize) -> Self {
        Self(std::iter::repeat_with(|| None).take(sentinels).collect())
    }

    /// Makes sure of those that are open, and opens the others.
    async fn open(&mut self, sentinels: &Sentinels, timeout: Duration) {
        let each = self.0.iter_mut().enumerate().map(async |(number, entry)| {
            if let Some(open) = entry
                && !matches!(tokio::time::timeout(timeout, open.sink.ping::<redis::Value>()).await, Ok(Ok(_)))
            {
                *entry = None;
            }
            if entry.is_none()
                && let Ok(Ok((sink, told))) = tokio::time::timeout(timeout, sentinels.listen(number)).await
            {
                *entry = Some(Subscription { told, sink });
            }
        });
        join_all(each).await;
    }

    fn are_complete(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// Returns when there may be another master, or one sentinel is not to be heard any more.
    async fn news(&mut self) {
        let open =
            self.0.iter_mut().enumerate().filter_map(|(number, entry)| Some((number, entry.as_mut()?)));
        let each: Vec<_> =
            open.map(|(number, entry)| entry.told.next().map(move |told| (number, told))).collect();
        if each.is_empty() {
            return std::future::pending().await;
        }
        let ((number, told), ..) = select_all(each).await;
        if told.is_none()
            && let Some(entry) = self.0.get_mut(number)
        {
            *entry = None;
        }
    }
}
