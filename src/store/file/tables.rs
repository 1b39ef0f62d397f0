//! The tables of the file, and how it is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, OpenFlags, ffi};

/// Says in the file's header that it is ours: "OIDC".
const APPLICATION_ID: i32 = 0x4f49_4443;
/// The version of the tables.
const VERSION: i32 = 1;
/// The writer's checkpoint may wait for the reader, and the reader for it.
const BUSY: Duration = Duration::from_secs(5);

/// The order of the indexes is that of the pages that are read.
const TABLES: &str = "
    CREATE TABLE records (key TEXT NOT NULL UNIQUE, value BLOB NOT NULL, ends INTEGER NOT NULL) STRICT;
    CREATE INDEX records_by_end ON records (ends);
    CREATE TABLE members (set_key TEXT NOT NULL, member TEXT NOT NULL, ends INTEGER NOT NULL, UNIQUE (set_key, member)) STRICT;
    CREATE INDEX members_by_end ON members (ends);
    CREATE TABLE noted (index_key TEXT NOT NULL, member TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (index_key, member))
        STRICT, WITHOUT ROWID;
    CREATE INDEX noted_by_time ON noted (index_key, at, member);
    CREATE TABLE moved (at INTEGER NOT NULL) STRICT;
";

/// Opens the file for its one writer. An empty one gets its tables.
///
/// # Errors
/// SQLite's; `SQLITE_NOTADB` for the file of another program, or of a later version of this one.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, Error> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Each commit is on the disk when it returns; on macOS only so.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    prepare(&mut connection)?;
    Ok(connection)
}

/// Opens it for its reader, after the writer.
///
/// # Errors
/// SQLite's.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, mode: OpenFlags) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> Result<(), Error> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION_ID, VERSION) => return Ok(()),
        (0, 0) => {}
        _ => return Err(not_ours()),
    }
    let transaction = connection.transaction()?;
    if transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? > 0 {
        return Err(not_ours());
    }
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn not_ours() -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_NOTADB), None)
}
