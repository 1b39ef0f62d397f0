//! Runs all calls to the backend on one thread, which owns the client, so that all logins share its connections.

use tokio::sync::{mpsc, oneshot};

use crate::helper::backend_client::BackendApi;

type Job = Box<dyn FnOnce(Option<BackendApi>) + Send>;

/// Runs jobs on the thread that created it. They get no client if no Backstage is configured.
pub struct BackendThread(mpsc::UnboundedSender<Job>);

impl BackendThread {
    /// Uses the calling thread.
    #[must_use]
    pub fn here(api: Option<BackendApi>) -> Self {
        let (jobs, mut incoming) = mpsc::unbounded_channel::<Job>();
        actix_web::rt::spawn(async move {
            while let Some(job) = incoming.recv().await {
                job(api.clone());
            }
        });
        Self(jobs)
    }

    /// Starts a job.
    pub fn run<F>(&self, job: impl FnOnce(Option<BackendApi>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        // Fails only when that thread has ended, and the program with it.
        let _ = self.0.send(Box::new(|api| drop(actix_web::rt::spawn(job(api)))));
    }

    /// Runs a job and waits for its result; none if the program ends meanwhile.
    pub async fn ask<T, F>(&self, job: impl FnOnce(Option<BackendApi>) -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        self.run(|api| {
            let job = job(api);
            async move { drop(answer.send(job.await)) }
        });
        receiver.await.ok()
    }
}
