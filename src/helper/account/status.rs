//! The `status` command: the user, the clusters, and until when each login lasts.

use serde::Serialize;
use time::OffsetDateTime;

use super::shown_time::utc;
use super::{Account, unless_interrupted};
use crate::helper::HelperError;
use crate::helper::backend_client::harmless;
use crate::helper::session::which_cluster::shown;
use crate::helper::terminal::shown_command::word;
use crate::helper::terminal::tools::Tools;
use crate::protocol::{ClusterStatus, StatusResponse};
use crate::settings::login::LoginSettings;

/// The format of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line for each cluster, for a user.
    Lines,
    /// One JSON object, for a program.
    Json,
}

/// Asks the backend and writes its answer.
///
/// # Errors
/// As the variants of [`HelperError`] say.
pub async fn run(settings: LoginSettings, form: Form, tools: Tools) -> Result<(), HelperError> {
    unless_interrupted(show(&settings, form, &tools)).await
}

async fn show(settings: &LoginSettings, form: Form, tools: &Tools) -> Result<(), HelperError> {
    let account = Account::open(settings, tools).await?;
    let answer = account.answer(|| account.api.status(account.user_token.as_ref())).await?;
    match form {
        Form::Json => {
            let report = Report { backend: account.api.address(), status: &answer };
            let text = serde_json::to_vec(&report).map_err(|error| HelperError::Output(error.into()))?;
            tools.answers.pass_on(&text).map_err(HelperError::Output)?;
        }
        Form::Lines => {
            for line in lines(&answer, account.api.address(), tools.clock.now()) {
                tools.answers.say(&line);
            }
        }
    }
    Ok(())
}

/// What `--output json` prints, as `docs/settings.md` lists it: programs rely on these names. A field of a newer backend is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    backend: &'a str,
    #[serde(flatten)]
    status: &'a StatusResponse,
}

/// One line for the user and the backend, then one for each cluster.
fn lines(status: &StatusResponse, address: &str, now: OffsetDateTime) -> Vec<String> {
    let who = format!("{} at {address}", status.user);
    let clusters = status.clusters.iter().map(|cluster| {
        let name = shown((&cluster.name, &cluster.title));
        format!("{name}: {}", how(cluster, address, now))
    });
    std::iter::once(who).chain(clusters).collect()
}

fn how(cluster: &ClusterStatus, address: &str, now: OffsetDateTime) -> String {
    if !cluster.connected {
        let (backend, cluster_name) = (word(address, "URL"), word(&cluster.name, "NAME"));
        let login = format!("run backstage-oidc-helper login --backend {backend} --cluster {cluster_name}");
        return match cluster.reason.as_deref() {
            None => format!("not connected: {login}"),
            Some(reason) => format!("not connected, {}: {login}", why(reason, cluster.detail.as_deref())),
        };
    }
    let account = cluster.account().unwrap_or("an unknown account");
    let account: String = harmless(account).collect();
    let Some(expires_at) = cluster.expires_at else { return format!("connected as {account}") };
    let time = utc(expires_at);
    if !cluster.refreshable {
        return format!("connected as {account} until {time}, then log in again");
    }
    if expires_at <= now {
        return format!("connected as {account}; its ID token expired at {time}, the next use refreshes it");
    }
    format!("connected as {account} until {time}, refreshed by itself")
}

/// The backend's reason with its code; an unknown one of a newer backend is the code alone.
fn why(reason: &str, detail: Option<&str>) -> String {
    let sentence = match reason {
        "expired" => "the ID token has expired",
        "refresh_failing" => "the identity provider does not refresh the login at present",
        "login_required" => "the identity provider wants you to log in again",
        "refresh_refused" => "the identity provider has ended the login",
        "refresh_lost" => "the login was lost in an interrupted refresh",
        "identity_changed" => "what the identity provider says of you has changed",
        "unreadable" => "the backend cannot read the login that it kept",
        newer => return newer.to_owned(),
    };
    match detail {
        Some(detail) => format!("{sentence}: {} ({reason})", harmless(detail).collect::<String>()),
        None => format!("{sentence} ({reason})"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn how_of(json: &str, now: i64) -> String {
        let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
        how(&serde_json::from_str(json).unwrap(), "https://b.example", now)
    }

    #[test]
    fn a_connected_cluster_says_until_when_and_what_then() {
        let refreshed = r#"{"name":"dev","title":"Dev","connected":true,"subject":"auth0|felix",
            "expiresAt":"1970-01-02T01:02:03+01:00","refreshable":true}"#;
        assert_eq!(
            how_of(refreshed, 0),
            "connected as auth0|felix until 1970-01-02 00:02 UTC, refreshed by itself"
        );
        assert_eq!(
            how_of(refreshed, 100_000),
            "connected as auth0|felix; its ID token expired at 1970-01-02 00:02 UTC, the next use refreshes it"
        );
        let with_email =
            refreshed.replace("\"subject\"", "\"email\":\"felix\\u001b@example.com\",\"subject\"");
        assert_eq!(
            how_of(&with_email, 0),
            "connected as felix@example.com until 1970-01-02 00:02 UTC, refreshed by itself"
        );
        assert_eq!(
            how_of(&refreshed.replace("\"refreshable\":true", "\"refreshable\":false"), 0),
            "connected as auth0|felix until 1970-01-02 00:02 UTC, then log in again"
        );
    }

    #[test]
    fn one_that_is_not_says_why_and_what_to_do() {
        let never = r#"{"name":"dev","title":"dev","connected":false,"refreshable":false}"#;
        assert_eq!(
            how_of(never, 0),
            "not connected: run backstage-oidc-helper login --backend https://b.example --cluster dev"
        );
        for (reason, words) in [
            ("expired", "the ID token has expired (expired)"),
            (
                "refresh_failing",
                "the identity provider does not refresh the login at present (refresh_failing)",
            ),
            ("login_required", "the identity provider wants you to log in again (login_required)"),
            ("refresh_refused", "the identity provider has ended the login (refresh_refused)"),
            ("refresh_lost", "the login was lost in an interrupted refresh (refresh_lost)"),
            ("identity_changed", "what the identity provider says of you has changed (identity_changed)"),
            ("unreadable", "the backend cannot read the login that it kept (unreadable)"),
            ("newer_than_we", "newer_than_we"),
            (
                r#"identity_changed","detail":"its claim email is \u001b[2Ja"#,
                "what the identity provider says of you has changed: its claim email is [2Ja (identity_changed)",
            ),
        ] {
            let ended = never.replace("false}", &format!("false,\"reason\":\"{reason}\"}}"));
            let expected = format!(
                "not connected, {words}: run backstage-oidc-helper login --backend https://b.example --cluster dev"
            );
            assert_eq!(how_of(&ended, 0), expected);
        }
    }

    #[test]
    fn the_page_on_settings_lists_every_field_for_programs() {
        let json = r#"{"user":"user:default/felix","clusters":[{"name":"dev","title":"Dev","connected":true,"subject":"a","email":"c",
            "expiresAt":"1970-01-02T00:00:00Z","loginExpiresAt":"1970-01-02T00:00:00Z","refreshable":true,
            "reason":"expired","detail":"b"}]}"#;
        let status = serde_json::from_str(json).unwrap();
        let report = serde_json::to_value(Report { backend: "https://b.example", status: &status }).unwrap();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let fields: BTreeSet<String> =
            [keys(&report), keys(&report["clusters"][0])].into_iter().flatten().collect();
        let page = include_str!("../../../docs/settings.md");
        let (_, table) = page.split_once("| field | meaning |\n|---|---|\n").unwrap();
        let first_cells = table.lines().map_while(|line| line.strip_prefix("| ")?.split(" |").next());
        let documented: BTreeSet<String> =
            first_cells.flat_map(|cell| cell.split(", ")).map(str::to_owned).collect();
        assert_eq!(fields, documented);
    }

    #[test]
    fn a_title_that_only_repeats_the_name_is_left_out() {
        let json = r#"{"user":"user:default/felix","clusters":[
            {"name":"dev","title":"dev","connected":false,"refreshable":false},
            {"name":"prod","title":"Production","connected":false,"refreshable":false}]}"#;
        let status = serde_json::from_str(json).unwrap();
        let lines = lines(&status, "https://backstage.example", OffsetDateTime::UNIX_EPOCH);
        assert_eq!(lines[0], "user:default/felix at https://backstage.example");
        assert!(lines[1].starts_with("dev: not") && lines[2].starts_with("prod (Production): not"));
    }
}
