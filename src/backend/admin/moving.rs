//! `admin export` and `admin import`: all that a file keeps, carried to another store, sealed all the way.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::admin_error::AdminError;
use crate::backend::assembly::{AssemblyError, Foundations, StoreUse};
use crate::backend::logins::LoginKey;
use crate::clock::SystemClock;
use crate::settings::backend::{BackendSettings, StoreSettings};
use crate::store::StoreError;
use crate::store::entry::{Carried, Entry};
use crate::store::file::StoreFile;

/// The version of what is written.
const VERSION: u32 = 1;
/// How long refreshes that are under way may keep the file from being moved: longer than any takes.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Between two looks whether one is under way.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How many entries are written side by side: a file commits together what waits, and Redis answers many requests in a row.
const AT_ONCE: usize = 256;

/// A line of an export.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first.
    Export {
        /// Its version.
        version: u32,
        /// When the file was marked as moved, by which it knows its own export.
        #[serde(default, with = "time::serde::rfc3339::option")]
        moved: Option<OffsetDateTime>,
    },
    /// What is carried.
    Entry(Entry),
    /// The last: how many there are.
    End(u64),
}

/// A line and its number; none at the end of the input.
type Numbered = Option<(u64, Line)>;

/// Writes all that the file keeps, and has it take no write any more. Once more, it writes the same again.
///
/// # Errors
/// As the variants of [`AdminError`] say.
pub async fn export(settings: &BackendSettings, out: &mut dyn Write) -> Result<u64, AdminError> {
    let StoreSettings::File { path, .. } = &settings.store else { return Err(AdminError::NoFile) };
    let file = StoreFile::open_beside(path, Arc::new(SystemClock)).map_err(AssemblyError::from)?;
    let until = Instant::now() + TIMEOUT;
    while !file.move_away(LoginKey::LOCKS).await? {
        if Instant::now() > until {
            return Err(AdminError::UnderWay);
        }
        sleep(LOOK_AGAIN).await;
    }
    write(out, &Line::Export { version: VERSION, moved: file.moved_at().await? })?;
    let count = file.entries(|entry| write(out, &Line::Entry(entry))).await?;
    write(out, &Line::End(count))?;
    out.flush()?;
    Ok(count)
}

fn write(out: &mut dyn Write, line: &Line) -> Result<(), AdminError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// How many entries came, and how many of them were there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Those that were not there.
    pub new: u64,
    /// Those that were, or have ended meanwhile.
    pub left: u64,
    /// Those of them that are there with another value.
    pub differs: u64,
}

impl Imported {
    fn all(self) -> u64 {
        self.new.saturating_add(self.left)
    }

    fn note(&mut self, outcome: Carried) {
        let one_more = |count: &mut u64| *count = count.saturating_add(1);
        one_more(if outcome == Carried::New { &mut self.new } else { &mut self.left });
        if outcome == Carried::Differs {
            one_more(&mut self.differs);
        }
    }
}

/// Reads what [`export`] wrote into the store that the settings name. What that one has already stays. A file that this export has marked
/// as moved is the store again once all of the export has been read.
///
/// # Errors
/// As the variants of [`AdminError`] say; what was read until then is there, and is left when this is run again.
pub async fn import(settings: &BackendSettings, from: &mut dyn BufRead) -> Result<Imported, AdminError> {
    let mut lines = (1_u64..).zip(from.lines());
    let Some((_, Line::Export { version: VERSION, moved })) = read(lines.next())? else {
        return Err(AdminError::NoExport(1));
    };
    match &settings.store {
        StoreSettings::InProcess => return Err(AdminError::InProcess),
        StoreSettings::File { path, .. } if path.exists() => {
            let file = StoreFile::open_beside(path, Arc::new(SystemClock)).map_err(AssemblyError::from)?;
            match file.moved_at().await? {
                None => {}
                // It has taken no write since, so all of them are there.
                since if since == moved => {
                    let imported = carry(&mut lines, async |_| Ok(Carried::Known)).await?;
                    file.come_back().await?;
                    return Ok(imported);
                }
                _ => return Err(AdminError::MovedElsewhere),
            }
        }
        StoreSettings::File { .. } | StoreSettings::Redis { .. } => {}
    }
    let on = Foundations::new(settings, StoreUse::Import)?;
    carry(&mut lines, async |entry: Entry| entry.keep_in(on.store.as_ref(), on.clock.now()).await).await
}

/// Hands each entry to `keep`, side by side, until the end.
async fn carry(
    lines: &mut impl Iterator<Item = (u64, std::io::Result<String>)>,
    keep: impl AsyncFn(Entry) -> Result<Carried, StoreError>,
) -> Result<Imported, AdminError> {
    let mut imported = Imported::default();
    loop {
        let (entries, end) = page(lines);
        for outcome in try_join_all(entries.into_iter().map(|entry| keep(entry))).await? {
            imported.note(outcome);
        }
        // Whatever the end is, what came before it is there when it is told.
        match end.transpose()? {
            None => {}
            Some(Some((_, Line::End(count)))) if count == imported.all() => return Ok(imported),
            Some(Some((number, _))) => return Err(AdminError::NoExport(number)),
            Some(None) => return Err(AdminError::CutOff(imported.all())),
        }
    }
}

/// The next entries, and what came instead of another. They are read while none is being written: a slow input is not Redis' time-out.
fn page(
    lines: &mut impl Iterator<Item = (u64, std::io::Result<String>)>,
) -> (Vec<Entry>, Option<Result<Numbered, AdminError>>) {
    let mut entries = Vec::with_capacity(AT_ONCE);
    while entries.len() < AT_ONCE {
        match read(lines.next()) {
            Ok(Some((_, Line::Entry(entry)))) => entries.push(entry),
            end => return (entries, Some(end)),
        }
    }
    (entries, None)
}

fn read(line: Option<(u64, std::io::Result<String>)>) -> Result<Numbered, AdminError> {
    let Some((number, line)) = line else { return Ok(None) };
    let line = line.map_err(|_| AdminError::NoExport(number))?;
    serde_json::from_str(&line).map(|line| Some((number, line))).map_err(|_| AdminError::NoExport(number))
}
