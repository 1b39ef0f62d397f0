//! Which logins are kept: by when each was last used, for the sweep of unused ones, and by user, for the operator.
//!
//! A use is written down once an hour a login and process. What the others in that hour cost is a look into a map.

pub mod by_user;
pub mod last_use;

use std::time::Duration;

use time::OffsetDateTime;

pub use self::last_use::{NotedUses, used, write_last_uses, write_uses};
use super::LoginKey;
use crate::backend::assembly::App;
use crate::store::{Key, Noted, StoreError};

/// How long a use stands for those after it: what the index says is late by no more than this.
pub const USE_RESOLUTION: Duration = Duration::from_hours(1);

/// The index by moment.
const INDEX: &Key = "logins";

/// Notes a new login. One that could not be noted is with its first use.
pub async fn kept(app: &App, key: &LoginKey) {
    app.noted_uses.forget(key);
    let now = app.clock.now();
    match note(app, key, now).await {
        Ok(()) => {
            app.noted_uses.is_due(key, now);
        }
        Err(error) => tracing::warn!(%error, "a new login could not be noted"),
    }
}

async fn note(app: &App, key: &LoginKey, at: OffsetDateTime) -> Result<(), StoreError> {
    by_user::add(app, key).await?;
    app.store.note(INDEX, &key.member(), at).await
}

/// Takes out a login whose record is gone.
///
/// # Errors
/// When the store does not answer; the next sweep takes it out.
pub async fn forgotten(app: &App, key: &LoginKey) -> Result<(), StoreError> {
    app.noted_uses.forget(key);
    app.store.unnote(INDEX, &key.member()).await?;
    by_user::take_out(app, key).await?;
    // A new login may have come in between, noted before we took it out.
    if app.store.get(&key.record()).await?.is_some() {
        note(app, key, app.clock.now()).await?;
    }
    Ok(())
}

/// The entries behind one of them that were last used at that moment or before, the longest unused first; none is the end.
///
/// # Errors
/// When the store does not answer.
pub async fn last_used_until(
    app: &App,
    after: &Noted,
    until: OffsetDateTime,
    limit: usize,
) -> Result<Vec<Noted>, StoreError> {
    app.store.noted_after(INDEX, after, until, limit).await
}

/// When a login was last used, an hour late at most; `None` for one that is not noted.
///
/// # Errors
/// When the store does not answer.
pub async fn last_use(app: &App, key: &LoginKey) -> Result<Option<OffsetDateTime>, StoreError> {
    app.store.noted_at(INDEX, &key.member()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_app::ExampleApp;

    #[actix_web::test]
    async fn a_login_is_taken_out_unless_a_new_one_came_in_between() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        forgotten(&example.app, &key).await.unwrap();
        assert!(last_use(&example.app, &key).await.unwrap().is_some(), "its record is there");
        example.app.store.delete(&key.record()).await.unwrap();
        forgotten(&example.app, &key).await.unwrap();
        assert_eq!(last_use(&example.app, &key).await.unwrap(), None);
    }
}
