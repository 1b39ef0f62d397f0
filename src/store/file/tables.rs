//! The tables of the file, and how it is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, OpenFlags, TransactionBehavior, ffi};

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
/// SQLite's; `SQLITE_NOTADB` for the file of another program, or of a later version of this one, which stays as it is.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, Error> {
    let mut connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let has_tables = has_tables(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Each commit is on the disk when it returns; on macOS only so.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    if !has_tables {
        make_tables(&mut connection)?;
    }
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

/// Whether it has the tables; an empty one has none.
fn has_tables(connection: &Connection) -> Result<bool, Error> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let is_empty =
        || connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get::<_, bool>(0));
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION_ID, VERSION) => Ok(true),
        (0, 0) if is_empty()? => Ok(false),
        _ => Err(not_ours()),
    }
}

fn make_tables(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have made them meanwhile.
    if !has_tables(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

fn not_ours() -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_NOTADB), None)
}
