//! A thread with a connection to the file: work is queued to it, since SQLite waits for the disk.

use std::iter::once;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::store::StoreError;

/// How many writes one commit takes: those that came while the last one went to the disk.
const MOST_AT_ONCE: usize = 256;

/// How long work may take, with what is queued before it. A volume of a network that is gone answers nothing at all, and SQLite itself waits
/// no longer than five seconds for another process.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Ends with what is queued when it is dropped.
pub(super) struct Thread {
    queue: Option<Sender<Box<dyn Queued>>>,
    running: Option<JoinHandle<()>>,
    timeout: Duration,
}

/// Work that waits for its thread.
trait Queued: Send {
    /// Does it.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;

    /// Answers; `done` is how it all ended.
    fn answer(self: Box<Self>, done: Result<(), StoreError>);
}

struct Work<F, T> {
    task: Option<F>,
    outcome: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Queued for Work<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some(task) = self.task.take() {
            self.outcome = Some(task(connection)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, done: Result<(), StoreError>) {
        let Self { outcome, answer, .. } = *self;
        // The caller may have given up.
        let _ = answer.send(done.and_then(|()| outcome.ok_or_else(ended)));
    }
}

impl Thread {
    /// One that reads.
    pub(super) fn read(connection: Connection) -> Self {
        Self::start(move |queue| {
            for mut work in queue {
                let done = work.run(&connection).map_err(|error| store_error(&error));
                work.answer(done);
            }
        })
    }

    /// One that writes; `afterwards` runs before each commit.
    pub(super) fn write(
        mut connection: Connection,
        afterwards: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Self {
        Self::start(move |queue| {
            while let Ok(first) = queue.recv() {
                let mut batch: Vec<_> = once(first).chain(queue.try_iter()).take(MOST_AT_ONCE).collect();
                let done =
                    commit(&mut connection, &mut batch, &afterwards).map_err(|error| store_error(&error));
                for work in batch {
                    work.answer(done.clone());
                }
            }
        })
    }

    fn start(serve: impl FnOnce(Receiver<Box<dyn Queued>>) + Send + 'static) -> Self {
        let (queue, queued) = channel();
        let running = Some(std::thread::spawn(move || serve(queued)));
        Self { queue: Some(queue), running, timeout: TIMEOUT }
    }

    /// Has the thread do this, and returns when it is done: what was written is on the disk then.
    ///
    /// # Errors
    /// When the file cannot be read or written, or the disk does not answer; of writes it is then unknown whether they take effect.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(Work { task: Some(task), outcome: None, answer });
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.send(work).map_err(|_| ended())?;
        let answer = timeout(self.timeout, answered).await.map_err(|_| hangs())?;
        answer.map_err(|_| ended())?
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(running) = self.running.take() {
            // It has panicked: what was queued to it was answered so.
            let _ = running.join();
        }
    }
}

fn commit(
    connection: &mut Connection,
    batch: &mut [Box<dyn Queued>],
    afterwards: impl Fn(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for work in batch {
        work.run(&transaction)?;
    }
    afterwards(&transaction)?;
    transaction.commit()
}

fn ended() -> StoreError {
    StoreError::of_file("its thread has ended: restart this backend")
}

fn hangs() -> StoreError {
    StoreError::of_file("its disk does not answer: look at the volume")
}

/// What an operator can do about it. SQLite's own words name tables, never what is in them.
fn store_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::of_file("its disk is full: make room"),
        _ if is_damage(error) => {
            StoreError::of_file("it is damaged: put a backup in its place, or another path")
        }
        _ => StoreError::of_file(error.to_string()),
    }
}

/// Whether a part of the file is not what was written.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_disk_that_does_not_answer_is_said_and_what_was_asked_of_it_is_done_in_order_when_it_does() {
        let mut thread = Thread::read(Connection::open_in_memory().unwrap());
        thread.timeout = Duration::from_millis(20);
        let (goes_on, hanging) = channel::<()>();
        let hung = thread.run(move |_| Ok(hanging.recv())).await.unwrap_err();
        assert!(hung.to_string().contains("its disk does not answer"), "{hung}");
        assert!(thread.run(|file| file.execute_batch("CREATE TABLE later (number)")).await.is_err());
        goes_on.send(()).unwrap();
        thread.timeout = TIMEOUT;
        thread.run(|file| file.execute("INSERT INTO later VALUES (1)", [])).await.unwrap();
    }
}
