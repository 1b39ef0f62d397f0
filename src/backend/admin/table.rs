//! The table of `admin list`.

use std::io::{self, Write};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::KeptLogin;

const HEAD: [&str; 6] = ["USER", "CLUSTER", "CONNECTED", "SUBJECT", "EXPIRES", "LAST USED"];

/// Writes a line a login below a head, each column as wide as its widest cell.
pub(super) fn write(logins: &[KeptLogin], out: &mut dyn Write) -> io::Result<()> {
    if logins.is_empty() {
        return writeln!(out, "No login is kept.");
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(logins.iter().map(cells));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
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

    fn written(logins: &[KeptLogin]) -> String {
        let mut out = Vec::new();
        write(logins, &mut out).unwrap();
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
        assert_eq!(written(&logins), expected);
    }

    #[test]
    fn nothing_kept_is_said() {
        assert_eq!(written(&[]), "No login is kept.\n");
    }
}
