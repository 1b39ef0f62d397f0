//! How `admin list` writes what it finds, page by page.

use std::io::{self, Write};

use super::kept_login::KeptLogin;
use super::table::Table;

/// How logins are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Table,
    /// For programs: one object a line.
    JsonLines,
}

/// A list under way.
pub(super) enum Listing {
    Table(Table),
    JsonLines,
}

impl Listing {
    pub(super) fn new(form: Form) -> Self {
        match form {
            Form::Table => Self::Table(Table::default()),
            Form::JsonLines => Self::JsonLines,
        }
    }

    /// Writes a page; in one piece, since standard output would else be written line by line.
    pub(super) fn page(&mut self, logins: &[KeptLogin], out: &mut dyn Write) -> io::Result<()> {
        let mut page = Vec::new();
        match self {
            Self::Table(table) => table.page(logins, &mut page)?,
            Self::JsonLines => {
                for login in logins {
                    serde_json::to_writer(&mut page, login)?;
                    page.push(b'\n');
                }
            }
        }
        out.write_all(&page)
    }

    /// Says so where there was nothing to list.
    pub(super) fn end(self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Table(table) => table.end(out),
            Self::JsonLines => Ok(()),
        }
    }
}
