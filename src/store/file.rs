//! The store of a single process in one file, `STORE_FILE`: what was acknowledged is there after a crash, a power cut included.
//!
//! It is SQLite's: a commit is on the disk when it returns, a log makes the start after a crash as short as any other, a full disk and
//! damage are answers, and its format is read for decades. One thread writes, and commits together what waits; another reads meanwhile.

mod moving;
mod numbers;
mod place;
mod tables;
mod thread;
mod tidying;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, named_params as named, params};
use time::OffsetDateTime;

use self::numbers::{at_most, end, in_calendar, micros};
use self::place::HeldPlace;
pub use self::place::UnusableFile;
use self::thread::Thread;
use self::tidying::tidying;
use super::entry::Entry;
use super::{HeldLock, Key, Names, Noted, Store, StoreError, Swap};
use crate::clock::Clock;

/// Keeps records in a file. Expired ones are never returned, and are removed with later writes.
pub struct StoreFile {
    clock: Arc<dyn Clock>,
    // In this order they end: the last connection puts the log away, and then another process may have the file.
    reader: Thread,
    writer: Thread,
    _place: Option<HeldPlace>,
}

impl StoreFile {
    /// Opens the file for a backend: it is made where there is none, and no other backend may have it meanwhile.
    ///
    /// # Errors
    /// As the variants of [`UnusableFile`] say; nothing is changed then.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, UnusableFile> {
        let path = &place::whole(path)?;
        Self::in_place(path, clock, Some(HeldPlace::take(path)?))
    }

    /// Opens it for a command, which may do so beside a backend: SQLite has each see what the other has written.
    ///
    /// # Errors
    /// As the variants of [`UnusableFile`] say; there has to be a file.
    pub fn open_beside(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, UnusableFile> {
        let path = &place::whole(path)?;
        place::check(path)?;
        Self::in_place(path, clock, None)
    }

    fn in_place(path: &Path, clock: Arc<dyn Clock>, place: Option<HeldPlace>) -> Result<Self, UnusableFile> {
        let writing = tables::open_to_write(path).map_err(|error| UnusableFile::sqlite(path, &error))?;
        let reading = tables::open_to_read(path).map_err(|error| UnusableFile::sqlite(path, &error))?;
        let moved = moving::moved_at(&reading).map_err(|error| UnusableFile::sqlite(path, &error))?;
        if place.is_some() && moved.is_some() {
            return Err(UnusableFile::Moved(path.to_owned()));
        }
        let writer = Thread::write(writing, tidying(Arc::clone(&clock)));
        Ok(Self { clock, writer, reader: Thread::read(reading), _place: place })
    }

    fn now(&self) -> i64 {
        micros(self.clock.now())
    }

    /// Marks it as moved, unless a record with this beginning lives: a lock, under which a refresh token is being redeemed. Says whether
    /// it is moved now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn move_away(&self, locks: &'static str) -> Result<bool, StoreError> {
        let now = self.now();
        self.writer.run(move |file| moving::mark(file, now, locks)).await
    }

    /// When it was marked as moved; none where it is the store.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn moved_at(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        let at = self.read(moving::moved_at).await?;
        at.map(in_calendar).transpose()
    }

    /// Takes the mark away: it is the store again.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn come_back(&self) -> Result<(), StoreError> {
        self.writer.run(moving::unmark).await
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
        for (table, sql) in moving::PAGES.into_iter().enumerate() {
            let mut after = (String::new(), String::new());
            loop {
                let (from, then) = after.clone();
                let rows = self.read(move |file| moving::page(file, sql, (&from, &then), now)).await?;
                let Some(last) = rows.last() else { break };
                after = (last.0.clone(), last.1.clone());
                for row in rows {
                    take(moving::entry(table, row)?)?;
                    count = count.saturating_add(1);
                }
            }
        }
        Ok(count)
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reader.run(work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let work = move |file: &Connection| {
            Ok(if moving::moved_at(file)?.is_none() { Some(work(file)?) } else { None })
        };
        let written = self.writer.run(work).await?;
        written.ok_or_else(|| {
            StoreError::of_file("it was moved away by `admin export`: use the store that has it now")
        })
    }
}

fn done_if(changed: bool) -> Swap {
    if changed { Swap::Done } else { Swap::Conflict }
}

/// Writes a record if there is none that lives.
fn put_new(
    connection: &Connection,
    key: &str,
    value: &[u8],
    (now, ends): (i64, i64),
) -> rusqlite::Result<Swap> {
    let written = connection
        .prepare_cached(
            "INSERT INTO records (key, value, ends) VALUES (:key, :value, :ends)
             ON CONFLICT (key) DO UPDATE SET value = :value, ends = :ends WHERE records.ends <= :now",
        )?
        .execute(named! { ":key": key, ":value": value, ":ends": ends, ":now": now })?;
    Ok(done_if(written > 0))
}

fn put(connection: &Connection, key: &str, value: &[u8], ends: i64) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO records (key, value, ends) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![key, value, ends]).map(drop)
}

fn get(connection: &Connection, key: &str, now: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT value FROM records WHERE key = ?1 AND ends > ?2";
    connection.prepare_cached(sql)?.query_row(params![key, now], |row| row.get(0)).optional()
}

fn swap_under(
    connection: &Connection,
    (lock, owner, life): (&str, &[u8], i64),
    (key, seen, value, ends): (&str, &[u8], &[u8], i64),
    now: i64,
) -> rusqlite::Result<Swap> {
    let is_held = get(connection, lock, now)?.is_some_and(|holder| holder == owner);
    let kept = get(connection, key, now)?;
    let may = kept.is_some_and(|kept| kept == value || (is_held && kept == seen));
    if may && is_held {
        put(connection, lock, owner, life)?;
    }
    if may {
        put(connection, key, value, ends)?;
    }
    Ok(done_if(may))
}

fn delete_seen(connection: &Connection, key: &str, seen: &[u8], now: i64) -> rusqlite::Result<Swap> {
    let sql = "DELETE FROM records WHERE key = ?1 AND ends > ?2 AND value = ?3";
    Ok(done_if(connection.prepare_cached(sql)?.execute(params![key, now, seen])? > 0))
}

fn enter(
    connection: &Connection,
    (set, member, ends): (&str, &str, i64),
    limit: usize,
    now: i64,
) -> rusqlite::Result<Swap> {
    connection
        .prepare_cached("DELETE FROM members WHERE set_key = ?1 AND ends <= ?2")?
        .execute(params![set, now])?;
    let sql = "SELECT count(*), count(*) FILTER (WHERE member = ?2) FROM members WHERE set_key = ?1";
    let (all, same): (i64, i64) = connection
        .prepare_cached(sql)?
        .query_row(params![set, member], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if same == 0 && all >= at_most(limit) {
        return Ok(Swap::Conflict);
    }
    let sql = "INSERT OR REPLACE INTO members (set_key, member, ends) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![set, member, ends])?;
    Ok(Swap::Done)
}

fn note(connection: &Connection, index: &str, member: &str, at: i64) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO noted (index_key, member, at) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![index, member, at]).map(drop)
}

fn texts(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> rusqlite::Result<Vec<String>> {
    connection.prepare_cached(sql)?.query_map(parameters, |row| row.get(0))?.collect()
}

#[async_trait]
impl Store for StoreFile {
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        let (key, value, now) = (key.to_owned(), value.to_vec(), self.now());
        self.write(move |file| put_new(file, &key, &value, (now, end(now, ttl)))).await
    }

    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        let (key, value, ends) = (key.to_owned(), value.to_vec(), end(self.now(), ttl));
        self.write(move |file| put(file, &key, &value, ends)).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        let (key, now) = (key.to_owned(), self.now());
        self.read(move |file| get(file, &key, now)).await
    }

    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        let (key, seen, value, now) = (key.to_owned(), seen.to_vec(), value.to_vec(), self.now());
        let sql = "UPDATE records SET value = :value, ends = :ends
                   WHERE key = :key AND ends > :now AND (value = :seen OR value = :value)";
        self.write(move |file| {
            let values =
                named! { ":key": key, ":seen": seen, ":value": value, ":now": now, ":ends": end(now, ttl) };
            Ok(done_if(file.prepare_cached(sql)?.execute(values)? > 0))
        })
        .await
    }

    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError> {
        let now = self.now();
        let (lock, owner, life) = (held.lock.to_owned(), held.owner.to_vec(), end(now, held.life));
        let (key, seen, value, ends) = (key.to_owned(), seen.to_vec(), value.to_vec(), end(now, ttl));
        self.write(move |file| swap_under(file, (&lock, &owner, life), (&key, &seen, &value, ends), now))
            .await
    }

    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Swap, StoreError> {
        let (key, seen, now) = (key.to_owned(), seen.to_vec(), self.now());
        self.write(move |file| delete_seen(file, &key, &seen, now)).await
    }

    async fn release(&self, lock: &Key, owner: &[u8]) -> Result<Swap, StoreError> {
        self.delete_seen(lock, owner).await
    }

    async fn live_on(&self, key: &Key, ttl: Duration) -> Result<(), StoreError> {
        let (key, now) = (key.to_owned(), self.now());
        let sql = "UPDATE records SET ends = ?1 WHERE key = ?2 AND ends > ?3";
        self.write(move |file| file.prepare_cached(sql)?.execute(params![end(now, ttl), key, now]).map(drop))
            .await
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let key = key.to_owned();
        let sql = "DELETE FROM records WHERE key = ?1";
        self.write(move |file| file.prepare_cached(sql)?.execute([key]).map(drop)).await
    }

    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Swap, StoreError> {
        let (set, member, now) = (set.to_owned(), member.to_owned(), self.now());
        self.write(move |file| enter(file, (&set, &member, end(now, ttl)), limit, now)).await
    }

    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError> {
        let (set, member) = (set.to_owned(), member.to_owned());
        let sql = "DELETE FROM members WHERE set_key = ?1 AND member = ?2";
        self.write(move |file| file.prepare_cached(sql)?.execute([set, member]).map(drop)).await
    }

    async fn members(&self, set: &Key) -> Result<Vec<String>, StoreError> {
        let (set, now) = (set.to_owned(), self.now());
        let sql = "SELECT member FROM members WHERE set_key = ?1 AND ends > ?2 ORDER BY ends, member";
        self.read(move |file| texts(file, sql, params![set, now])).await
    }

    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        self.note_all(index, &[member.to_owned()], at).await
    }

    async fn note_all(&self, index: &Key, members: &[String], at: OffsetDateTime) -> Result<(), StoreError> {
        let (index, members, at) = (index.to_owned(), members.to_vec(), micros(at));
        self.write(move |file| members.iter().try_for_each(|member| note(file, &index, member, at))).await
    }

    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (index, until) = (index.to_owned(), micros(until));
        let sql = "SELECT member FROM noted WHERE index_key = ?1 AND at <= ?2 ORDER BY at, member LIMIT ?3";
        self.read(move |file| texts(file, sql, params![index, until, at_most(limit)])).await
    }

    async fn noted_after(
        &self,
        index: &Key,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        let (index, at, member, until) =
            (index.to_owned(), micros(after.at), after.member.clone(), micros(until));
        let sql = "SELECT at, member FROM noted WHERE index_key = ?1 AND (at, member) > (?2, ?3) AND at <= ?4
                   ORDER BY at, member LIMIT ?5";
        let entries: Vec<(i64, String)> = self
            .read(move |file| {
                let values = params![index, at, member, until, at_most(limit)];
                file.prepare_cached(sql)?.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .await?;
        entries.into_iter().map(|(at, member)| Ok(Noted { at: in_calendar(at)?, member })).collect()
    }

    async fn named(&self, index: &Key, names: Names<'_>, limit: usize) -> Result<Vec<String>, StoreError> {
        let (index, after) = (index.to_owned(), names.after.to_owned());
        let before = names.before.map(str::to_owned);
        // To SQLite every text comes before any bytes.
        let sql = "SELECT member FROM noted WHERE index_key = ?1 AND member > ?2 AND member < ifnull(?3, x'')
                   ORDER BY member LIMIT ?4";
        self.read(move |file| texts(file, sql, params![index, after, before, at_most(limit)])).await
    }

    async fn noted_at(&self, index: &Key, member: &str) -> Result<Option<OffsetDateTime>, StoreError> {
        let (index, member) = (index.to_owned(), member.to_owned());
        let sql = "SELECT at FROM noted WHERE index_key = ?1 AND member = ?2";
        let at: Option<i64> = self
            .read(move |file| {
                file.prepare_cached(sql)?.query_row([index, member], |row| row.get(0)).optional()
            })
            .await?;
        at.map(in_calendar).transpose()
    }

    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError> {
        let (index, member) = (index.to_owned(), member.to_owned());
        let sql = "DELETE FROM noted WHERE index_key = ?1 AND member = ?2";
        self.write(move |file| file.prepare_cached(sql)?.execute([index, member]).map(drop)).await
    }

    /// A full disk is no reason to send users elsewhere: there is nowhere else.
    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|file| file.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))).await
    }
}

#[cfg(test)]
mod tests;
