//! The connections of a store, one for each thread that uses it.
//!
//! The runtime that opens a connection does all its work. With one of its own, a worker's thread sends a request and reads the answer
//! without waking another, and a worker that ends takes no other one's connection with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::connection::Connection;

/// Where a thread's connection is; held while it is opened.
type Place = Arc<tokio::sync::Mutex<Option<Arc<Connection>>>>;

/// The place of each thread. That of a thread that has ended stays: a process has few of them, and no more than one a worker that panics.
#[derive(Default)]
pub(super) struct Connections(Mutex<HashMap<ThreadId, Place>>);

impl Connections {
    /// The place of this thread.
    pub(super) fn here(&self) -> Place {
        Arc::clone(self.places().entry(thread::current().id()).or_default())
    }

    /// Has each thread open a new one with its next request; requests under way end on the one that they have.
    pub(super) async fn renew(&self) {
        let places: Vec<Place> = self.places().values().map(Arc::clone).collect();
        for place in places {
            *place.lock().await = None;
        }
    }

    /// Each change is one step, so what a panic left behind is whole.
    fn places(&self) -> MutexGuard<'_, HashMap<ThreadId, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
