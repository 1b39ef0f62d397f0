//! The tab of the browser in which kubectl asks its user to sign in: one at a time, and for a time no other after one without an answer.
//!
//! Loops of kubectl run day and night. The record is written before the tab opens, so that it is there whatever becomes of the process:
//! without it, each run of an unattended loop would open a tab of its own.

use std::fs::File;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::no_sign_in::Reason;
use crate::helper::sign_in::private_folder::{FolderError, PrivateFolder};
use crate::helper::sign_in::token_file::{TokenFile, TokenFileError};

/// How long no other tab is opened after the first one without an answer.
const FIRST_PAUSE: Duration = Duration::from_mins(10);

/// How much longer each pause is than the one before.
const GROWTH: u32 = 3;

/// The longest pause: a user who comes back the next morning gets a tab.
const LONGEST_PAUSE: Duration = Duration::from_hours(12);

/// By how much a clock is set back without a word.
const CORRECTION: Duration = Duration::from_mins(1);

/// The version of its format.
const VERSION: u32 = 1;

/// The record of one client at one backend.
#[derive(Clone, Debug)]
pub struct TabRecord {
    folder: PrivateFolder,
    name: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    version: u32,
    /// When the last tab was opened.
    #[serde(with = "time::serde::rfc3339")]
    opened_at: OffsetDateTime,
    /// Until when no other is.
    #[serde(with = "time::serde::rfc3339")]
    closed_until: OffsetDateTime,
    /// How many tabs were opened since the last sign-in.
    opened: u32,
}

impl TabRecord {
    /// The record beside that file.
    #[must_use]
    pub fn new(file: &TokenFile) -> Self {
        Self { folder: file.folder().clone(), name: format!("tab-of-{}", file.name()) }
    }

    /// The right to open a tab and to wait for it; none if another run has it. Dropping it gives it back, and so does the system when
    /// a process ends in any way.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn try_lock(&self) -> Result<Option<File>, TokenFileError> {
        Ok(self.folder.try_lock(&self.name)?)
    }

    /// The same, waited for.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub async fn lock_within(&self, time: Duration) -> Result<Option<File>, TokenFileError> {
        Ok(self.folder.lock_within(&self.name, time).await?)
    }

    /// Why no tab is opened now. A record of the future, by a clock that was set back since, does not count.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn keeps_closed(&self, now: OffsetDateTime) -> Result<Option<Reason>, TokenFileError> {
        let Some(Content { opened_at, closed_until, .. }) = self.read()? else { return Ok(None) };
        let is_of_the_future = opened_at > now.saturating_add(correction());
        if is_of_the_future || closed_until <= now {
            return Ok(None);
        }
        Ok(Some(Reason::Unanswered(length(opened_at, now), length(now, closed_until))))
    }

    /// Writes that a tab is opened, and returns how long none is opened after the wait for it.
    ///
    /// # Errors
    /// When it cannot be written: then no tab may be opened.
    pub fn write(&self, now: OffsetDateTime, wait: Duration) -> Result<Duration, TokenFileError> {
        let opened = self.read()?.map_or(0, |before| before.opened);
        let pause = FIRST_PAUSE.saturating_mul(GROWTH.saturating_pow(opened)).min(LONGEST_PAUSE);
        let closed_for = time::Duration::try_from(wait.saturating_add(pause)).unwrap_or(time::Duration::MAX);
        let content = Content {
            version: VERSION,
            opened_at: now,
            closed_until: now.saturating_add(closed_for),
            opened: opened.saturating_add(1),
        };
        let file = self.file_name();
        let text = serde_json::to_vec(&content).map_err(|error| FolderError::BySystem {
            path: self.folder.path_of(&file),
            reason: error.into(),
        })?;
        self.folder.write(&file, &text)?;
        Ok(pause)
    }

    /// The user has signed in, or wants another tab. A file that cannot be removed only delays the next tab.
    pub fn forget(&self) {
        if let Err(error) = self.folder.remove(&self.file_name()) {
            tracing::info!(%error, "the record of the tab stays");
        }
    }

    /// None for a file that is not ours or of another version: it is written anew.
    fn read(&self) -> Result<Option<Content>, TokenFileError> {
        let text = self.folder.read(&self.file_name())?;
        let content = text.and_then(|text| serde_json::from_slice::<Content>(&text).ok());
        Ok(content.filter(|content| content.version == VERSION))
    }

    fn file_name(&self) -> String {
        format!("{}.json", self.name)
    }
}

fn correction() -> time::Duration {
    time::Duration::try_from(CORRECTION).unwrap_or(time::Duration::ZERO)
}

fn length(from: OffsetDateTime, to: OffsetDateTime) -> Duration {
    (to - from).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(home: &std::path::Path) -> TabRecord {
        TabRecord::new(&TokenFile::new(home, "https://b.example", "helper"))
    }

    fn at(minutes: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(minutes)
    }

    fn mins(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    #[test]
    fn a_tab_without_an_answer_keeps_the_next_one_closed_for_longer_each_time() {
        let home = tempfile::tempdir().unwrap();
        let record = record(home.path());
        assert_eq!(record.keeps_closed(at(0)).unwrap(), None);
        let mut now = 0;
        for pause in [10, 30, 90, 270, 720, 720] {
            assert_eq!(record.write(at(now), mins(5)).unwrap(), mins(pause));
            let told = record.keeps_closed(at(now + 5)).unwrap();
            assert_eq!(told, Some(Reason::Unanswered(mins(5), mins(pause))));
            now += 5 + i64::try_from(pause).unwrap();
            assert_eq!(record.keeps_closed(at(now)).unwrap(), None);
        }
        record.forget();
        assert_eq!(record.write(at(now), mins(5)).unwrap(), mins(10));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_it_closed_for_years() {
        let home = tempfile::tempdir().unwrap();
        let record = record(home.path());
        record.write(at(1_000_000), mins(5)).unwrap();
        assert_eq!(record.keeps_closed(at(0)).unwrap(), None);
        record.write(at(0), mins(5)).unwrap();
        assert!(record.keeps_closed(at(0)).unwrap().is_some());
    }

    #[test]
    fn a_record_that_cannot_be_read_is_written_anew_and_one_that_cannot_be_written_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let record = record(home.path());
        record.folder.write(&record.file_name(), b"{}").unwrap();
        assert_eq!(record.keeps_closed(at(0)).unwrap(), None);
        record.write(at(0), mins(5)).unwrap();
        record.forget();
        std::fs::create_dir(record.folder.path_of(&record.file_name())).unwrap();
        assert!(record.write(at(0), mins(5)).is_err());
    }

    #[actix_web::test]
    async fn one_run_has_it_and_others_wait_for_it() {
        let home = tempfile::tempdir().unwrap();
        let (first, second) = (record(home.path()), record(home.path()));
        let lock = first.try_lock().unwrap().unwrap();
        assert!(second.try_lock().unwrap().is_none());
        assert!(second.lock_within(Duration::from_millis(20)).await.unwrap().is_none());
        let mut waiting = Box::pin(second.lock_within(mins(1)));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(lock);
        assert!(waiting.await.unwrap().is_some());
    }
}
