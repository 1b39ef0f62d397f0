//! The way out of the file, to another store: everything in it is read, once it is marked as moved. From then on it takes no write, so that
//! no refresh token is redeemed here and there.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use super::{StoreFile, at_most, in_calendar, micros};
use crate::store::StoreError;
use crate::store::entry::Entry;

/// How many entries are read at once.
const PAGE: usize = 500;

/// What is kept, table by table, in pages after an entry.
const PAGES: [&str; 3] = [
    "SELECT key, '', value, ends FROM records WHERE (key, '') > (?1, ?2) AND ends > ?3 ORDER BY key LIMIT ?4",
    "SELECT set_key, member, NULL, ends FROM members WHERE (set_key, member) > (?1, ?2) AND ends > ?3
     ORDER BY set_key, member LIMIT ?4",
    // These do not end by themselves.
    "SELECT index_key, member, NULL, at FROM noted WHERE (index_key, member) > (?1, ?2) AND ?3 IS NOT NULL
     ORDER BY index_key, member LIMIT ?4",
];

/// A row of any of them: two names, a value where it has one, and a moment.
type Row = (String, String, Option<Vec<u8>>, i64);

/// When the file was moved.
pub(super) fn moved_at(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT at FROM moved")?.query_row([], |row| row.get(0)).optional()
}

/// A store that may be moved away.
impl StoreFile {
    /// Marks it as moved, unless a record with this beginning lives: a lock, under which a refresh token is being redeemed. Says whether
    /// it is moved now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn move_away(&self, locks: &'static str) -> Result<bool, StoreError> {
        let now = self.now();
        self.writer
            .run(move |file| {
                if moved_at(file)?.is_some() {
                    return Ok(true);
                }
                let locked: bool = file
                    .prepare_cached(
                        "SELECT EXISTS (SELECT 1 FROM records WHERE ends > ?1 AND substr(key, 1, ?2) = ?3)",
                    )?
                    .query_row(params![now, at_most(locks.len()), locks], |row| row.get(0))?;
                if !locked {
                    file.execute("INSERT INTO moved (at) VALUES (?1)", [now])?;
                }
                Ok(!locked)
            })
            .await
    }

    /// Takes the mark away: it is the store again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn come_back(&self) -> Result<(), StoreError> {
        self.writer.run(|file| file.execute("DELETE FROM moved", []).map(drop)).await
    }

    /// Hands every entry to `take`, in pages; says how many there were.
    ///
    /// # Errors
    /// When the file cannot be read, and what `take` says.
    pub async fn entries<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<u64, E> {
        let (mut count, now) = (0_u64, self.now());
        for (table, sql) in PAGES.into_iter().enumerate() {
            let mut after = (String::new(), String::new());
            loop {
                let (from, then) = after.clone();
                let rows: Vec<Row> = self.read(move |file| page(file, sql, (&from, &then), now)).await?;
                let Some(last) = rows.last() else { break };
                after = (last.0.clone(), last.1.clone());
                for row in rows {
                    take(entry(table, row)?)?;
                    count = count.saturating_add(1);
                }
            }
        }
        Ok(count)
    }
}

fn page(
    connection: &Connection,
    sql: &str,
    (from, then): (&str, &str),
    now: i64,
) -> rusqlite::Result<Vec<Row>> {
    let values = params![from, then, now, at_most(PAGE)];
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    connection.prepare_cached(sql)?.query_map(values, row)?.collect()
}

fn entry(table: usize, (name, member, value, at): Row) -> Result<Entry, StoreError> {
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
