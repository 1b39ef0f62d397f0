//! The connections of a store, one for each thread that uses it.
//!
//! The runtime that opens a connection does all its work. With one of its own, a worker's thread sends a request and reads the answer
//! without waking another, and a worker that ends takes no other one's connection with it.
//!
//! They are given up together: what one thread learns of the server, that it is the master no more or gone, is so for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::connection::Connection;
use super::watch::Lost;

/// Where a thread's connection is; held while it is opened.
type Place = Arc<tokio::sync::Mutex<Option<Arc<Connection>>>>;

/// The connections of all threads.
#[derive(Default)]
pub(super) struct Connections {
    /// That of a thread that has ended stays: a process has few of them, and no more than one a worker that panics.
    places: Mutex<HashMap<ThreadId, Place>>,
    lost: Mutex<Arc<Lost>>,
}

impl Connections {
    /// The place of this thread.
    pub(super) fn here(&self) -> Place {
        Arc::clone(unpoisoned(&self.places).entry(thread::current().id()).or_default())
    }

    /// By what a connection that is opened now is given up, together with those of the other threads. To be asked for before the address is,
    /// so that one to an address from before is given up with it.
    pub(super) fn lost(&self) -> Arc<Lost> {
        let mut lost = unpoisoned(&self.lost);
        if *lost.borrow() {
            *lost = Arc::default();
        }
        Arc::clone(&lost)
    }

    /// Has each thread open a new one with its next request; requests under way end on the one that they have.
    pub(super) fn give_up(&self) {
        unpoisoned(&self.lost).send_replace(true);
    }
}

/// Each change is one step, so what a panic left behind is whole.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
