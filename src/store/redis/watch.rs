//! Notices that the sentinels name another master.
//!
//! A master that is replaced while it is alive keeps the role until the sentinels demote it, some ten seconds later. The sentinels
//! announce a new master to their subscribers; while one of them cannot be subscribed to, they are polled instead.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, join_all, select_all};
use redis::aio::{PubSubSink, PubSubStream};

use super::sentinel::Sentinels;
use crate::clock::Timer;

/// Whether the connections to one server are given up.
pub(super) type Lost = tokio::sync::watch::Sender<bool>;

/// How often sentinels are polled that are all subscribed to. Each subscription is then pinged, too, so that a dead one is noticed.
pub(super) const SLOW_INTERVAL: Duration = Duration::from_secs(10);

/// Closes the connection to `server` when the sentinels name another, and returns when the connection is gone. While not all sentinels
/// are subscribed to, they are polled at `interval`, which is also their timeout.
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
        // Subscribe first, then ask, so that no event in between is missed.
        subscriptions.open(&sentinels, interval).await;
        // Sentinels that do not answer are no reason to close the connection.
        let is_replaced = sentinels.master(interval).await.is_ok_and(|named| named.name() != server);
        if is_replaced && let Some(lost) = connection.upgrade() {
            lost.send_replace(true);
        }
        let next = if subscriptions.are_complete() { SLOW_INTERVAL } else { interval };
        tokio::select! {
            // Also when the connection is gone.
            _ = lost.wait_for(|lost| *lost) => return,
            () = subscriptions.news() => {}
            () = timer.wait(next) => {}
        }
    }
}

/// A subscription at a sentinel: its events, and a sink for pings.
struct Subscription {
    told: PubSubStream,
    sink: PubSubSink,
}

/// One subscription for each sentinel; none where it failed.
struct Subscriptions(Vec<Option<Subscription>>);

impl Subscriptions {
    fn new(sentinels: usize) -> Self {
        Self(std::iter::repeat_with(|| None).take(sentinels).collect())
    }

    /// Pings the open ones, and opens the others.
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

    /// Returns at an event, or when a subscription ends.
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
