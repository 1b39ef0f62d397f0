//! The same logins in the order of their users, so that those of one user, and everybody's page by page, are found without
//! reading the rest.
//!
//! Versions before this one noted logins by moment only. What they noted is copied from there, up to a moment that the store
//! remembers: the first time that is all of it, then what was used since. A reader copies first, so nothing is missed.

use std::time::Duration;

use time::OffsetDateTime;

use super::{BY_MOMENT, BY_USER, LoginIndex, ONE_MOMENT};
use crate::backstage_names::UserRef;
use crate::store::{Key, Names, Noted, Store, StoreError};

/// Until when all that is noted by moment is here, too, in Unix seconds.
const COPIED_UNTIL: &Key = "logins-by-user-copied-until";

/// How late another process may note a use, and how far its clock may be off.
const LATE: time::Duration = time::Duration::minutes(10);

/// Once in so long everything is copied anew, whatever has happened in between.
const COPIED_ANEW: Duration = Duration::from_hours(24 * 30);

/// How many logins are read at a time.
const PAGE: usize = 1_000;

impl LoginIndex {
    /// Makes sure that every login is here that was noted until now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn complete_users(&self) -> Result<(), StoreError> {
        let (store, now) = (self.store.as_ref(), self.clock.now());
        let mut after = Noted::from(copied_until(store).await?);
        // Also what was noted by a clock ahead of ours.
        let until = now + time::Duration::DAY;
        loop {
            let page = store.noted_after(BY_MOMENT, &after, until, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.clone();
            let members: Vec<String> = page.into_iter().map(|noted| noted.member).collect();
            store.note_all(BY_USER, &members, ONE_MOMENT).await?;
        }
        let until = (now - LATE).unix_timestamp().to_string();
        store.put(COPIED_UNTIL, until.as_bytes(), COPIED_ANEW).await
    }

    /// A page of entries, of all users or of one, by user and cluster, behind the last entry of the page before; an empty one is
    /// the end.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn page_of_users(
        &self,
        user: Option<&UserRef>,
        after: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        // An entry is user, bar, cluster; the brace is the next character after the bar.
        let bounds = user.map(|user| (format!("{user}|"), format!("{user}}}")));
        let (first, before) =
            bounds.as_ref().map_or(("", None), |(first, end)| (first.as_str(), Some(end.as_str())));
        self.store.named(BY_USER, Names { after: after.unwrap_or(first), before }, PAGE).await
    }
}

async fn copied_until(store: &dyn Store) -> Result<OffsetDateTime, StoreError> {
    let written = store.get(COPIED_UNTIL).await?;
    let seconds = written.and_then(|text| str::from_utf8(&text).ok()?.parse().ok());
    let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    Ok(moment.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::ExampleBackend;
    use crate::backend::logins::LoginKey;
    use crate::clock::Clock;

    async fn all(example: &ExampleBackend) -> Vec<String> {
        example.index.page_of_users(None, None).await.unwrap()
    }

    /// As a version without this index notes it.
    async fn noted_by_an_older_version(example: &ExampleBackend, name: &str) -> LoginKey {
        let key = example.log_in(name, "dev").await;
        example.index.take_out_of_users(&key).await.unwrap();
        key
    }

    #[actix_web::test]
    async fn the_logins_of_one_user_are_found_without_the_others() {
        let example = ExampleBackend::new();
        for (name, cluster) in [("mara", "dev"), ("felix", "prod"), ("felix-2", "dev"), ("felix", "dev")] {
            example.log_in(name, cluster).await;
        }
        let felix = "user:default/felix".parse().unwrap();
        let of_felix = |after| example.index.page_of_users(Some(&felix), after);
        let expected = ["user:default/felix|dev", "user:default/felix|prod"];
        assert_eq!(of_felix(None).await.unwrap(), expected);
        assert_eq!(of_felix(Some(expected[0])).await.unwrap(), expected[1..]);
        assert!(of_felix(Some(expected[1])).await.unwrap().is_empty());
        assert_eq!(all(&example).await.len(), 4);
    }

    #[actix_web::test]
    async fn what_an_older_version_noted_is_copied_once_and_so_is_what_it_notes_later() {
        let example = ExampleBackend::new();
        let before = noted_by_an_older_version(&example, "felix").await;
        assert!(all(&example).await.is_empty());
        example.index.complete_users().await.unwrap();
        assert_eq!(all(&example).await, [before.member()]);
        example.clock.advance(Duration::from_hours(1));
        let later = noted_by_an_older_version(&example, "mara").await;
        example.clock.advance(Duration::from_hours(1));
        let copied = || example.metrics.store_seconds.with_label_values(&["note_all"]).get_sample_count();
        let copied_before = copied();
        example.index.complete_users().await.unwrap();
        assert_eq!(all(&example).await, [before.member(), later.member()]);
        example.index.complete_users().await.unwrap();
        assert_eq!(copied(), copied_before + 1, "what was copied is copied again");
    }

    #[actix_web::test]
    async fn the_next_use_adds_a_login_and_its_end_takes_it_out() {
        let example = ExampleBackend::new();
        let key = noted_by_an_older_version(&example, "felix").await;
        example.clock.advance(Duration::from_hours(1));
        example.uses(&key);
        example.index.write_last_uses().await;
        assert_eq!(all(&example).await, [key.member()]);
        example.store.delete(&key.record()).await.unwrap();
        example.index.forgotten(&key, None).await.unwrap();
        assert!(all(&example).await.is_empty());
    }

    #[actix_web::test]
    async fn more_than_a_page_is_copied() {
        let example = ExampleBackend::new();
        for number in 0..PAGE + 10 {
            let member = format!("user:default/user-{number}|dev");
            example.store.note(BY_MOMENT, &member, example.clock.now()).await.unwrap();
        }
        example.index.complete_users().await.unwrap();
        let first = all(&example).await;
        let rest = example.index.page_of_users(None, first.last().map(String::as_str)).await;
        assert_eq!((first.len(), rest.unwrap().len()), (PAGE, 10));
    }
}
