//! The requests that are open on one connection, and how long there may be none.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How long a connection may be without a request.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Before the first one.
    pub first_request: Duration,
    /// After one has ended.
    pub idle: Duration,
}

/// The requests of a connection.
#[derive(Clone, Copy, Default)]
pub struct Requests {
    /// Those that are being answered.
    open: usize,
    /// All so far: one that has come and gone between two looks is noticed, too.
    begun: usize,
}

/// Returns when there has been no request for as long as there may be none.
pub async fn idle(mut requests: watch::Receiver<Requests>, limits: Limits) {
    loop {
        let Ok(now) = requests.wait_for(|requests| requests.open == 0).await.map(|requests| *requests) else {
            return std::future::pending().await;
        };
        let patience = if now.begun == 0 { limits.first_request } else { limits.idle };
        match timeout(patience, requests.wait_for(|requests| requests.begun != now.begun)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return,
        }
    }
}

/// Counts a request until its answer has ended.
pub struct Open(Rc<watch::Sender<Requests>>);

impl Open {
    /// Begins.
    pub fn one_more(requests: &Rc<watch::Sender<Requests>>) -> Self {
        requests.send_modify(|requests| {
            requests.open = requests.open.saturating_add(1);
            requests.begun = requests.begun.wrapping_add(1);
        });
        Self(Rc::clone(requests))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|requests| requests.open = requests.open.saturating_sub(1));
    }
}
