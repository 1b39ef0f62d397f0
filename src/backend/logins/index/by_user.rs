//! The same logins in the order of their users, so that those of one user, and everybody's page by page, are found without
//! reading the rest.
//!
//! Versions before this one noted logins by moment only. What they noted is copied from there, up to a moment that the store
//! remembers: the first time that is all of it, then what was used since. Whoever reads copies first, so nothing is missed.

use std::time::Duration;

use time::OffsetDateTime;

use super::INDEX;
use crate::backend::assembly::App;
use crate::backend::logins::LoginKey;
use crate::backstage_names::UserRef;
use crate::store::{Key, Names, Noted, Store, StoreError};

/// The index in the store; its members are noted at one moment, so that they lie in the order of their names.
const BY_USER: &Key = "logins-by-user";
const ONE_MOMENT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// Until when all that is noted by moment is here, too, in Unix seconds.
const COPIED_UNTIL: &Key = "logins-by-user-copied-until";

/// How late another process may note a use, and how far its clock may be off.
const LATE: time::Duration = time::Duration::minutes(10);

/// Once in so long everything is copied anew, whatever has happened in between.
const COPIED_ANEW: Duration = Duration::from_hours(24 * 30);

/// How many logins are read at a time.
const PAGE: usize = 1_000;

pub(crate) async fn add(app: &App, key: &LoginKey) -> Result<(), StoreError> {
    app.store.note(BY_USER, &key.member(), ONE_MOMENT).await
}

/// Takes out a login that is gone.
///
/// # Errors
/// When the store does not answer.
pub async fn take_out(app: &App, key: &LoginKey) -> Result<(), StoreError> {
    app.store.unnote(BY_USER, &key.member()).await
}

/// Makes sure that every login is here that was noted until now.
///
/// # Errors
/// When the store does not answer.
pub async fn complete(app: &App) -> Result<(), StoreError> {
    let (store, now) = (app.store.as_ref(), app.clock.now());
    let mut after = Noted::from(copied_until(store).await?);
    // Also what was noted by a clock ahead of ours.
    let until = now + time::Duration::DAY;
    loop {
        let page = store.noted_after(INDEX, &after, until, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.clone();
        let members: Vec<String> = page.into_iter().map(|noted| noted.member).collect();
        store.note_all(BY_USER, &members, ONE_MOMENT).await?;
    }
    let until = (now - LATE).unix_timestamp().to_string();
    store.put(COPIED_UNTIL, until.as_bytes(), COPIED_ANEW).await
}

async fn copied_until(store: &dyn Store) -> Result<OffsetDateTime, StoreError> {
    let written = store.get(COPIED_UNTIL).await?;
    let seconds = written.and_then(|text| str::from_utf8(&text).ok()?.parse().ok());
    let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    Ok(moment.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

/// A page of entries, everybody's or one user's, by user and cluster, behind the last entry of the page before; an empty one is
/// the end.
///
/// # Errors
/// When the store does not answer.
pub async fn page(app: &App, user: Option<&UserRef>, after: Option<&str>) -> Result<Vec<String>, StoreError> {
    // An entry is user, bar, cluster; the brace is the next character after the bar.
    let bounds = user.map(|user| (format!("{user}|"), format!("{user}}}")));
    let (first, before) =
        bounds.as_ref().map_or(("", None), |(first, end)| (first.as_str(), Some(end.as_str())));
    app.store.named(BY_USER, Names { after: after.unwrap_or(first), before }, PAGE).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_app::ExampleApp;
    use crate::backend::logins::index::{forgotten, used, write_last_uses};

    async fn all(app: &App) -> Vec<String> {
        page(app, None, None).await.unwrap()
    }

    /// As a version without this index notes it.
    async fn noted_by_an_older_version(example: &ExampleApp, name: &str) -> LoginKey {
        let key = example.log_in(name, "dev").await;
        take_out(&example.app, &key).await.unwrap();
        key
    }

    #[actix_web::test]
    async fn one_users_logins_are_found_and_nobody_elses() {
        let example = ExampleApp::new();
        for (name, cluster) in [("mara", "dev"), ("felix", "prod"), ("felix-2", "dev"), ("felix", "dev")] {
            example.log_in(name, cluster).await;
        }
        let felix = "user:default/felix".parse().unwrap();
        let of_felix = |after| page(&example.app, Some(&felix), after);
        let expected = ["user:default/felix|dev", "user:default/felix|prod"];
        assert_eq!(of_felix(None).await.unwrap(), expected);
        assert_eq!(of_felix(Some(expected[0])).await.unwrap(), expected[1..]);
        assert!(of_felix(Some(expected[1])).await.unwrap().is_empty());
        assert_eq!(all(&example.app).await.len(), 4);
    }

    #[actix_web::test]
    async fn what_an_older_version_noted_is_copied_once_and_so_is_what_it_notes_later() {
        let example = ExampleApp::new();
        let before = noted_by_an_older_version(&example, "felix").await;
        assert!(all(&example.app).await.is_empty());
        complete(&example.app).await.unwrap();
        assert_eq!(all(&example.app).await, [before.member()]);
        example.clock.advance(Duration::from_hours(1));
        let later = noted_by_an_older_version(&example, "mara").await;
        example.clock.advance(Duration::from_hours(1));
        let copied = || example.app.metrics.store_seconds.with_label_values(&["note_all"]).get_sample_count();
        let copied_before = copied();
        complete(&example.app).await.unwrap();
        assert_eq!(all(&example.app).await, [before.member(), later.member()]);
        complete(&example.app).await.unwrap();
        assert_eq!(copied(), copied_before + 1, "what was copied is copied again");
    }

    #[actix_web::test]
    async fn the_next_use_adds_a_login_and_its_end_takes_it_out() {
        let example = ExampleApp::new();
        let key = noted_by_an_older_version(&example, "felix").await;
        example.clock.advance(Duration::from_hours(1));
        used(&example.app, &key);
        write_last_uses(&example.app).await;
        assert_eq!(all(&example.app).await, [key.member()]);
        example.app.store.delete(&key.record()).await.unwrap();
        forgotten(&example.app, &key).await.unwrap();
        assert!(all(&example.app).await.is_empty());
    }

    #[actix_web::test]
    async fn more_than_a_page_is_copied() {
        let example = ExampleApp::new();
        for number in 0..PAGE + 10 {
            let member = format!("user:default/user-{number}|dev");
            example.app.store.note(INDEX, &member, example.app.clock.now()).await.unwrap();
        }
        complete(&example.app).await.unwrap();
        let first = all(&example.app).await;
        let rest = page(&example.app, None, first.last().map(String::as_str)).await;
        assert_eq!((first.len(), rest.unwrap().len()), (PAGE, 10));
    }
}
