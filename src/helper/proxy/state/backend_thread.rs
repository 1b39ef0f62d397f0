//! The backend's client belongs to one thread, so that all logins share its connections: what is to be said to the backend is
//! said there, whichever thread serves the request.

use tokio::sync::{mpsc, oneshot};

use crate::helper::backend_client::BackendApi;

type Job = Box<dyn FnOnce(Option<BackendApi>) + Send>;

/// Runs jobs on the thread that it was made on. They get no client where no Backstage is set.
pub struct BackendThread(mpsc::UnboundedSender<Job>);

impl BackendThread {
    /// On the calling thread, as long as that runs.
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

    /// Begins a job.
    pub fn run<F>(&self, job: impl FnOnce(Option<BackendApi>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + 'static,
    {
        // Fails only when that thread has ended, and with it the program.
        let _ = self.0.send(Box::new(|api| drop(actix_web::rt::spawn(job(api)))));
    }

    /// Does a job and waits for what comes of it; nothing when the program ends meanwhile.
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
