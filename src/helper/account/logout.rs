//! The `logout` command: deletes and revokes logins at the backend, or deletes what this machine remembers of it.

use time::format_description::well_known::Rfc3339;

use super::{Account, unless_interrupted};
use crate::helper::HelperError;
use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::last_backend::LastBackend;
use crate::helper::kubectl::tab_record::TabRecord;
use crate::helper::session::which_cluster;
use crate::helper::terminal::tools::Tools;
use crate::protocol::{ClusterStatus, DisconnectedResponse, LivesOn, StatusResponse};
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// What the command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Which logins it ends.
    pub logins: Logins,
    /// What happens to this machine's memory of the backend.
    pub machine: Machine,
}

/// The logins that end at the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logins {
    /// The login at the configured cluster, else the only one.
    One,
    /// All of the user's.
    All,
    /// None; the backend gets no request.
    None,
}

/// Whether this machine forgets the backend: its confirmation, the kept sign-in, and that it is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// It forgets.
    Forgets,
    /// It remembers; only a sign-in that no login needs any more is deleted.
    Remembers,
}

/// Deletes it and reports what was deleted. This machine forgets last: until then its sign-in serves for another try.
///
/// # Errors
/// As the variants of [`HelperError`] say.
pub async fn run(settings: LoginSettings, scope: Scope, tools: Tools) -> Result<(), HelperError> {
    unless_interrupted(async {
        if scope.logins != Logins::None {
            disconnect(&settings, scope.logins, &tools).await?;
        }
        match scope.machine {
            Machine::Forgets => forget_here(&settings, scope.logins, &tools).await,
            Machine::Remembers => Ok(()),
        }
    })
    .await
}

async fn forget_here(settings: &LoginSettings, ended: Logins, tools: &Tools) -> Result<(), HelperError> {
    let api = BackendApi::connect(settings, tools.random.as_ref(), &tools.clock)?;
    let trust = tools.backend_trust(&api, settings)?;
    let sign_in = match &tools.state_folder {
        Some(folder) => {
            let file = tools.backstage_client(&api, settings)?.token_file(folder);
            // Who asks for a clean slate need not wait for the next tab.
            TabRecord::new(&file).forget();
            file.forget().await?
        }
        None => false,
    };
    if sign_in {
        tools.answers.say(
            "The Backstage sign-in that was kept on this machine is forgotten. Backstage was not told: it ends there by itself.",
        );
    }
    let confirmed = trust.forget().await?;
    let name = trust.name();
    if confirmed {
        tools.answers.say(&format!("{name} is not confirmed on this machine any more: the next login asks."));
    }
    let was_last = LastBackend::new(tools.state_folder.as_deref()).forget(name)?;
    if was_last {
        tools.answers.say(&format!(
            "{name} is not the default of this machine any more: name a Backstage with --backend."
        ));
    }
    if !(sign_in || confirmed || was_last) {
        tools.answers.say(&format!("Nothing to forget: this machine knows nothing of {name}."));
    } else if ended == Logins::None {
        tools
            .answers
            .say("Nothing was revoked: your logins at the clusters go on until logout --all ends them.");
    }
    Ok(())
}

async fn disconnect(settings: &LoginSettings, logins: Logins, tools: &Tools) -> Result<(), HelperError> {
    let account = Account::open(settings, tools).await?;
    let named = settings.cluster.as_deref().filter(|_| logins == Logins::One);
    let cluster = match logins {
        Logins::One => one_cluster(&account, named).await?,
        Logins::All | Logins::None => None,
    };
    let disconnect = || account.api.disconnect(account.user_token.as_ref(), cluster.as_deref());
    let answer = account.answer(disconnect).await?;
    for line in lines(&answer, cluster.as_deref(), account.api.address()) {
        tools.answers.say(&line);
    }
    // No login is left, so the sign-in that could begin new ones on this machine is deleted, too.
    if named.is_none() && account.forget_sign_in(settings, tools).await? {
        tools.answers.say("The Backstage sign-in that was kept on this machine is forgotten.");
    }
    Ok(())
}

/// The named cluster, or that of the user's only login; none if there is no login.
async fn one_cluster(account: &Account<'_>, named: Option<&str>) -> Result<Option<String>, HelperError> {
    let status = account.answer(|| account.api.status(account.user_token.as_ref())).await?;
    if let Some(name) = named {
        let known = status.clusters.iter().map(|cluster| (&*cluster.name, &*cluster.title));
        which_cluster::check(name, known, account.api.address())?;
        return Ok(Some(name.to_owned()));
    }
    match kept(&status).as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.name.clone())),
        several => Err(which_to_end(several, account.api.address()).into()),
    }
}

/// The clusters at which the backend keeps a login. One that fails to refresh at present is kept; of one that has ended only the
/// reason is left, and no subject.
fn kept(status: &StatusResponse) -> Vec<&ClusterStatus> {
    status.clusters.iter().filter(|cluster| cluster.connected || cluster.subject.is_some()).collect()
}

fn which_to_end(several: &[&ClusterStatus], address: &str) -> SettingsError {
    let names = which_cluster::list(several.iter().map(|cluster| (&*cluster.name, &*cluster.title)));
    SettingsError(format!(
        "You are logged in to several clusters at {address}, so name one with --cluster, or end all logins with --all: {names}."
    ))
}

/// The report. It is also true when the answer of a first try was lost and the second one found nothing to delete.
fn lines(answer: &DisconnectedResponse, cluster: Option<&str>, address: &str) -> Vec<String> {
    let DisconnectedResponse { disconnected, revocation_pending, lives_on } = answer;
    let forgotten = match cluster {
        _ if !disconnected.is_empty() => format!("Logged out at {address}: {}.", disconnected.join(", ")),
        Some(cluster) => format!("Nothing to forget: you are not connected to {cluster} at {address}."),
        None => format!("Nothing to forget: you are connected to no cluster at {address}."),
    };
    let pending = (!revocation_pending.is_empty()).then(|| {
        format!(
            "The identity provider has not confirmed the revocation yet, the backend goes on trying by itself: {}.",
            revocation_pending.join(", ")
        )
    });
    std::iter::once(forgotten).chain(pending).chain(lives_on.iter().map(lives_on_there)).collect()
}

/// What is not revoked is not over.
fn lives_on_there(login: &LivesOn) -> String {
    let until = match login.until.and_then(|until| until.format(&Rfc3339).ok()) {
        Some(until) => format!("until {until}"),
        None => "until it ends it by itself".to_owned(),
    };
    format!(
        "{}: forgotten at the backend; the identity provider offers no revocation, so the login lives on there {until}. Log out there, too.",
        login.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(disconnected: &[&str], pending: &[&str], cluster: Option<&str>) -> Vec<String> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let answer = DisconnectedResponse {
            disconnected: names(disconnected),
            revocation_pending: names(pending),
            lives_on: Vec::new(),
        };
        lines(&answer, cluster, "https://backstage.example")
    }

    #[test]
    fn a_login_that_fails_at_present_counts_and_one_that_has_ended_does_not() {
        let json = r#"{"user":"user:default/felix","clusters":[
            {"name":"dev","title":"Dev","connected":true,"subject":"a","refreshable":true},
            {"name":"prod","title":"prod","connected":false,"subject":"a","refreshable":true,"reason":"refresh_failing"},
            {"name":"stage","title":"stage","connected":false,"refreshable":false,"reason":"refresh_refused"},
            {"name":"test","title":"test","connected":false,"refreshable":false}]}"#;
        let status = serde_json::from_str(json).unwrap();
        let names: Vec<_> = kept(&status).iter().map(|cluster| &*cluster.name).collect();
        assert_eq!(names, ["dev", "prod"]);
        let sentence = which_to_end(&kept(&status), "https://b.example").to_string();
        assert!(sentence.ends_with("--all: dev (Dev), prod."), "{sentence}");
    }

    #[test]
    fn what_is_forgotten_is_named_and_what_is_pending_too() {
        let all = lines_of(&["dev", "prod"], &[], None);
        assert_eq!(all, ["Logged out at https://backstage.example: dev, prod."]);
        let pending = lines_of(&["dev", "prod"], &["prod"], None);
        assert_eq!(pending.len(), 2);
        assert!(pending[1].contains("not confirmed") && pending[1].ends_with(": prod."), "{pending:?}");
    }

    #[test]
    fn what_lives_on_at_the_identity_provider_is_said_with_its_end() {
        let line = |until| lives_on_there(&LivesOn { name: "prod".to_owned(), until });
        let end = time::OffsetDateTime::UNIX_EPOCH;
        assert!(line(Some(end)).contains("lives on there until 1970-01-01T00:00:00Z"));
        assert!(line(None).starts_with("prod: forgotten at the backend"));
    }

    #[test]
    fn nothing_to_forget_is_said() {
        assert!(lines_of(&[], &[], None)[0].contains("connected to no cluster"));
        assert!(lines_of(&[], &[], Some("dev"))[0].contains("not connected to dev"));
        let earlier = lines_of(&[], &["dev"], None);
        assert!(earlier[0].contains("Nothing to forget") && earlier[1].ends_with(": dev."), "{earlier:?}");
    }
}
