//! What `login --output json` prints, as `docs/settings.md` lists it: programs rely on these names. Holds no secret.

use serde::Serialize;
use time::OffsetDateTime;

use super::LoggedIn;
use crate::helper::HelperError;
use crate::helper::terminal::Terminal;

/// One object, however the login ended.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Report<'a> {
    Connected {
        backend: &'a str,
        user: &'a str,
        cluster: &'a str,
        subject: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<&'a str>,
        #[serde(with = "time::serde::rfc3339")]
        expires_at: OffsetDateTime,
        refreshable: bool,
    },
    Failed {
        error: Failure<'a>,
        exit_code: u8,
    },
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
}

/// Writes it.
///
/// # Errors
/// When it cannot be written.
pub fn write(ended: &Result<LoggedIn, HelperError>, answers: &Terminal) -> Result<(), HelperError> {
    let sentence = ended.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let text =
        serde_json::to_vec(&report(ended, &sentence)).map_err(|error| HelperError::Output(error.into()))?;
    answers.pass_on(&text).map_err(HelperError::Output)
}

fn report<'a>(ended: &'a Result<LoggedIn, HelperError>, sentence: &'a str) -> Report<'a> {
    match ended {
        Ok(LoggedIn { backend, connected }) => Report::Connected {
            backend,
            user: &connected.user,
            cluster: &connected.cluster,
            subject: &connected.subject,
            email: connected.email.as_deref(),
            expires_at: connected.expires_at,
            refreshable: connected.refreshable,
        },
        Err(error) => Report::Failed {
            error: Failure { code: error.code(), message: sentence },
            exit_code: error.exit_code(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::protocol::Connected;

    #[test]
    fn the_page_on_settings_lists_every_field() {
        let connected = Connected {
            success: true,
            user: "user:default/felix".to_owned(),
            cluster: "dev".to_owned(),
            subject: "auth0|felix".to_owned(),
            email: Some("felix@example.com".to_owned()),
            expires_at: OffsetDateTime::UNIX_EPOCH,
            refreshable: true,
            brought_refresh_token: None,
            return_to: None,
        };
        let keys = |ended: Result<LoggedIn, HelperError>| {
            let report = serde_json::to_value(report(&ended, "")).unwrap();
            report.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        let backend = "https://b.example".to_owned();
        let fields: BTreeSet<String> =
            [keys(Ok(LoggedIn { backend, connected })), keys(Err(HelperError::Expired))]
                .concat()
                .into_iter()
                .collect();
        let page = include_str!("../../../docs/settings.md");
        let (_, table) = page.split_once("| field | what it says |\n|---|---|\n").unwrap();
        let first_cells = table.lines().map_while(|line| line.strip_prefix("| ")?.split(" |").next());
        let documented: BTreeSet<String> =
            first_cells.flat_map(|cell| cell.split(", ")).map(str::to_owned).collect();
        assert_eq!(fields, documented);
    }

    #[test]
    fn the_page_on_errors_has_each_code_of_the_commands_own_with_its_exit_code() {
        let page = include_str!("../../../docs/errors.md");
        for error in [
            HelperError::refused(None, "no"),
            HelperError::NotConfirmed { name: String::new(), flags: String::new() },
            HelperError::Output(std::io::Error::other("full")),
            HelperError::Settings(crate::settings::SettingsError(String::new())),
            HelperError::Listen(crate::helper::port::ListenError::OwnProxy { port: 8000 }),
            HelperError::TimedOut(String::new()),
            HelperError::NoChoice(String::new()),
            HelperError::Interrupted(""),
        ] {
            let (code, exit_code) = (format!("`{}`", error.code()), format!("| {} |", error.exit_code()));
            let row = page.lines().find(|line| line.contains(&code) && line.starts_with(&exit_code));
            assert!(row.is_some(), "{code} {exit_code}");
        }
    }
}
