//! The step before everything else: the user chooses a cluster where there are several and none is named.

use std::time::Duration;

use crate::helper::HelperError;
use crate::helper::session::Credential;
use crate::helper::session::which_cluster::{self, Choice, shown};
use crate::helper::terminal::Terminal;
use crate::helper::terminal::keyboard::{self, Attended, Keyboard};
use crate::protocol::{ClusterInfo, Info};
use crate::settings::login::LoginSettings;

/// The cluster of the login; none if it needs no name. A session that was begun in Backstage has its cluster.
///
/// # Errors
/// When the settings name a cluster that does not exist, or none where there are several and no user is at the terminal.
pub async fn which_cluster(
    info: &Info,
    (settings, address): (&LoginSettings, &str),
    credential: &Credential,
    (keyboard, terminal): (&mut Keyboard, &Terminal),
) -> Result<Option<String>, HelperError> {
    let named = settings.cluster.as_deref();
    if matches!(credential, Credential::SessionToken(_)) {
        return Ok(named.map(str::to_owned));
    }
    match which_cluster::choose(info, named, address)? {
        Choice::Made(cluster) => Ok(cluster),
        Choice::Open if keyboard::attended() == Attended::No => {
            Err(which_cluster::unnamed(info, address).into())
        }
        Choice::Open => {
            let chosen = ask(&info.clusters, settings.login_timeout.0, keyboard, terminal).await?;
            chosen.map(Some).ok_or_else(|| which_cluster::unnamed(info, address).into())
        }
    }
}

/// The user's choice; none at the end of input.
async fn ask(
    clusters: &[ClusterInfo],
    timeout: Duration,
    keyboard: &mut Keyboard,
    terminal: &Terminal,
) -> Result<Option<String>, HelperError> {
    // Before the question: what is typed from then on is the answer.
    keyboard.forget_what_was_typed_ahead();
    terminal.say("Which cluster do you want to log in to?");
    for (number, names) in (1..).zip(which_cluster::names(clusters)) {
        terminal.say(&format!("  {number}  {}", shown(names)));
    }
    terminal.say(&format!("Type its number (1 to {}) or its name. Ctrl-C ends it.", clusters.len()));
    match tokio::time::timeout(timeout, answer(clusters, keyboard, terminal)).await {
        Ok(name) => Ok(name),
        Err(_) => Err(HelperError::NoChoice(humantime::format_duration(timeout).to_string())),
    }
}

async fn answer(clusters: &[ClusterInfo], keyboard: &mut Keyboard, terminal: &Terminal) -> Option<String> {
    while let Some(line) = keyboard.line().await {
        match chosen(line.trim(), clusters) {
            Some(name) => return Some(name.to_owned()),
            None if line.trim().is_empty() => {}
            None => terminal.say(&format!(
                "There is no such cluster in the list: type a number from 1 to {}, or a name.",
                clusters.len()
            )),
        }
    }
    None
}

/// By its name, else by its number: a name may be a number, too.
fn chosen<'c>(typed: &str, clusters: &'c [ClusterInfo]) -> Option<&'c str> {
    let by_name = clusters.iter().find(|cluster| cluster.name == typed);
    let by_number = || clusters.get(typed.parse::<usize>().ok()?.checked_sub(1)?);
    by_name.or_else(by_number).map(|cluster| &*cluster.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_from_one_and_a_name_goes_first() {
        let cluster = |name: &str| ClusterInfo {
            name: name.to_owned(),
            title: String::new(),
            issuer: String::new(),
            redirect_uri: None,
        };
        let clusters = ["dev", "prod", "1"].map(cluster);
        for (typed, expected) in
            [("prod", Some("prod")), ("2", Some("prod")), ("1", Some("1")), ("3", Some("1"))]
        {
            assert_eq!(chosen(typed, &clusters), expected, "{typed}");
        }
        for typed in ["0", "4", "-1", "", "Dev", "dev prod", "99999999999999999999"] {
            assert_eq!(chosen(typed, &clusters), None, "{typed}");
        }
    }
}
