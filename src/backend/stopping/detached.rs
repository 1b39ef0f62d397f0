//! Work that goes on whatever becomes of the request that asked for it: exchanges, refreshes, the end of a login.
//!
//! It runs on the thread that the backend was built on. A worker's thread ends with its last connection, and all that it runs
//! with it; this one ends when the work is done.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::outbound::request_context::RequestContext;
use crate::panics::caught;

/// Between the panic of a task that shall always run and its next start.
const AFTER_A_PANIC: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() -> LocalBoxFuture<'static, ()> + Send>;

/// The way to that thread, for all others.
#[derive(Clone)]
pub struct Detached {
    jobs: mpsc::UnboundedSender<Job>,
    under_way: TaskTracker,
}

/// What has been asked for, until a thread takes it over.
pub struct Jobs(mpsc::UnboundedReceiver<Job>);

impl Detached {
    /// Work waits until [`Jobs::run_here`] is called.
    #[must_use]
    pub fn new() -> (Self, Jobs) {
        let (jobs, incoming) = mpsc::unbounded_channel();
        (Self { jobs, under_way: TaskTracker::new() }, Jobs(incoming))
    }

    /// Begins work for the request of the task that asks, and carries its span and context. Nothing comes out of the receiver
    /// when the work panics, or when the process ends before it is done.
    pub fn begin<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> oneshot::Receiver<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (done, outcome) = oneshot::channel();
        let (context, span) = (RequestContext::current(), tracing::Span::current());
        // Counted from now on, not only once that thread has come to it.
        let counted = self.under_way.token();
        let job = move || {
            let work = async move {
                let _counted = counted;
                let _ = done.send(work().await);
            };
            RequestContext::carried_on(context, work).instrument(span).boxed_local()
        };
        // Fails only when that thread has ended, and with it the program.
        let _ = self.jobs.send(Box::new(job));
        outcome
    }

    /// A task of the calling thread that runs until it ends by itself, and again after a panic.
    pub fn keep_running<F>(&self, mut work: impl FnMut() -> F + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        let work = async move {
            while caught(async { work().await }).await.is_err() {
                tokio::time::sleep(AFTER_A_PANIC).await;
            }
        };
        drop(actix_web::rt::spawn(self.under_way.track_future(work)));
    }

    /// Returns when nothing is under way any more.
    pub async fn done(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    /// How much is under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }
}

impl Jobs {
    /// Does the work on the calling thread, for as long as that runs.
    pub fn run_here(mut self) {
        drop(actix_web::rt::spawn(async move {
            while let Some(job) = self.0.recv().await {
                drop(actix_web::rt::spawn(job()));
            }
        }));
    }
}
