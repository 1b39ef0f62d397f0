//! The way out of the file, to another store: everything in it is read, once it is marked as moved. From then on it takes no write, so that
//! no refresh token is redeemed here and there.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use super::numbers::{at_most, in_calendar, micros};
use crate::store::StoreError;
use crate::store::entry::Entry;

/// How many entries are read at once.
const PAGE: usize = 500;

/// What is kept, table by table, in pages after an entry.
pub(super) const PAGES: [&str; 3] = [
    "SELECT key, '', value, ends FROM records WHERE (key, '') > (?1, ?2) AND ends > ?3 ORDER BY key LIMIT ?4",
    "SELECT set_key, member, NULL, ends FROM members WHERE (set_key, member) > (?1, ?2) AND ends > ?3
     ORDER BY set_key, member LIMIT ?4",
    // These do not end by themselves.
    "SELECT index_key, member, NULL, at FROM noted WHERE (index_key, member) > (?1, ?2) AND ?3 IS NOT NULL
     ORDER BY index_key, member LIMIT ?4",
];

/// Whether a record lives with a key that begins so. By the index of the keys: the backend waits meanwhile to write. No text goes on
/// with a later character than the one of this number.
pub(super) const LOCKED: &str =
    "SELECT EXISTS (SELECT 1 FROM records WHERE key >= ?2 AND key < ?2 || char(0x10ffff) AND ends > ?1)";

/// A row of any of them: two names, a value where it has one, and a moment.
pub(super) type Row = (String, String, Option<Vec<u8>>, i64);

/// When the file was moved.
pub(super) fn moved_at(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT at FROM moved")?.query_row([], |row| row.get(0)).optional()
}

/// Marks the file as moved, unless a record with this beginning lives: a lock, under which a refresh token is being redeemed. Says whether
/// it is moved now.
pub(super) fn mark(connection: &Connection, now: i64, locks: &str) -> rusqlite::Result<bool> {
    if moved_at(connection)?.is_some() {
        return Ok(true);
    }
    let is_locked: bool =
        connection.prepare_cached(LOCKED)?.query_row(params![now, locks], |row| row.get(0))?;
    if !is_locked {
        connection.execute("INSERT INTO moved (at) VALUES (?1)", [now])?;
    }
    Ok(!is_locked)
}

/// Takes the mark away.
pub(super) fn unmark(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM moved", []).map(drop)
}

/// A page of one of [`PAGES`].
pub(super) fn page(
    connection: &Connection,
    sql: &str,
    (from, then): (&str, &str),
    now: i64,
) -> rusqlite::Result<Vec<Row>> {
    let values = params![from, then, now, at_most(PAGE)];
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    connection.prepare_cached(sql)?.query_map(values, row)?.collect()
}

/// What a row of it is.
pub(super) fn entry(table: usize, (name, member, value, at): Row) -> Result<Entry, StoreError> {
    Ok(match (table, value) {
        (0, Some(value)) => Entry::Record { key: name, value, ends: last_moment(at) },
        (1, _) => Entry::Member { set: name, member, ends: last_moment(at) },
        _ => Entry::Noted { index: name, member, at: in_calendar(at)? },
    })
}

/// What lives without end ends with the calendar.
fn last_moment(ends: i64) -> OffsetDateTime {
    let last = time::PrimitiveDateTime::MAX.assume_utc();
    if ends >= micros(last) { last } else { in_calendar(ends).unwrap_or(last) }
}
