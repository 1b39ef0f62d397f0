//! Expired rows are removed with what is written later.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::{Connection, params};

use super::numbers::micros;
use super::thread::is_damage;
use crate::clock::Clock;

/// How many expired rows a commit removes: more than it adds, so that they do not pile up, and so few that it stays short.
pub(super) const TIDIED: u32 = 100;

/// Tidies until it meets damage: one commit fails then, and not each one after it.
pub(super) fn tidying(clock: Arc<dyn Clock>) -> impl Fn(&Connection) -> rusqlite::Result<()> {
    let is_whole = AtomicBool::new(true);
    move |connection| {
        if !is_whole.load(Relaxed) {
            return Ok(());
        }
        let tidied = tidy(connection, micros(clock.now()));
        if tidied.as_ref().is_err_and(is_damage) {
            is_whole.store(false, Relaxed);
            tracing::error!(
                "STORE_FILE is damaged: what has expired stays in it until a backup is in its place, or another path"
            );
        }
        tidied
    }
}

/// Removes some of what has expired.
fn tidy(connection: &Connection, now: i64) -> rusqlite::Result<()> {
    for table in ["records", "members"] {
        connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE ends <= ?1 ORDER BY ends LIMIT ?2)"
            ))?
            .execute(params![now, TIDIED])?;
    }
    Ok(())
}
