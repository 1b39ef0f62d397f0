//! The table of `admin list`.

use std::io::{self, Write};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::kept_login::KeptLogin;

const HEAD: [&str; 6] = ["USER", "CLUSTER", "CONNECTED", "SUBJECT", "EXPIRES", "LAST USED"];

/// A line a login below a head, each column as wide as its widest cell on this page and those before it.
#[derive(Default)]
pub(super) struct Table {
    widths: Option<[usize; HEAD.len()]>,
}

impl Table {
    /// Writes a page.
    pub(super) fn page(&mut self, logins: &[KeptLogin], out: &mut dyn Write) -> io::Result<()> {
        if logins.is_empty() {
            return Ok(());
        }
        let is_first = self.widths.is_none();
        let head = is_first.then(|| HEAD.map(str::to_owned));
        let rows: Vec<_> = head.into_iter().chain(logins.iter().map(cells)).collect();
        let widths = self.widths.get_or_insert_default();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &rows {
            let padded = row.iter().zip(*widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Says so where there was no login.
    pub(super) fn end(self, out: &mut dyn Write) -> io::Result<()> {
        match self.widths {
            None => writeln!(out, "No login is kept."),
            Some(_) => Ok(()),
        }
    }
}

fn cells(login: &KeptLogin) -> [String; HEAD.len()] {
    let no = || login.reason.as_deref().map_or("no".to_owned(), |reason| format!("no: {reason}"));
    let connected = if login.connected { "yes".to_owned() } else { no() };
    let subject = login.subject.as_deref().unwrap_or_default();
    // The identity provider chose it: nothing in it shall steer the terminal.
    let subject = subject.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let (user, cluster) = (login.user.clone(), login.cluster.clone());
    [user, cluster, connected, subject, at(login.expires_at), at(login.last_used)]
}

fn at(moment: Option<OffsetDateTime>) -> String {
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: &str, subject: Option<&str>, reason: Option<&str>) -> KeptLogin {
        KeptLogin {
            user: user.to_owned(),
            cluster: "dev".to_owned(),
            connected: reason.is_none(),
            reason: reason.map(str::to_owned),
            subject: subject.map(str::to_owned),
            expires_at: subject.map(|_| OffsetDateTime::UNIX_EPOCH),
            last_used: Some(OffsetDateTime::UNIX_EPOCH),
        }
    }

    fn written(pages: &[&[KeptLogin]]) -> String {
        let (mut table, mut out) = (Table::default(), Vec::new());
        for page in pages {
            table.page(page, &mut out).unwrap();
        }
        table.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_stand_below_each_other_and_no_subject_steers_the_terminal() {
        let logins = [
            login("user:default/felix", Some("a\u{1b}[2Jb"), None),
            login("user:default/mara", None, Some("refresh_lost")),
        ];
        let expected = "\
USER                CLUSTER  CONNECTED         SUBJECT  EXPIRES               LAST USED
user:default/felix  dev      yes               a\u{fffd}[2Jb   1970-01-01T00:00:00Z  1970-01-01T00:00:00Z
user:default/mara   dev      no: refresh_lost                                 1970-01-01T00:00:00Z
";
        assert_eq!(written(&[&logins]), expected);
    }

    #[test]
    fn there_is_one_head_and_columns_are_never_narrower_than_before() {
        let (felix, mara) = (login("user:default/felix", None, None), login("user:default/mara", None, None));
        let both = written(&[std::slice::from_ref(&felix), &[], std::slice::from_ref(&mara)]);
        assert_eq!(both, written(&[&[felix, mara]]));
    }

    #[test]
    fn nothing_kept_is_said() {
        assert_eq!(written(&[&[]]), "No login is kept.\n");
    }
}
