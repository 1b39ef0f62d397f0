//! The `logout` command: delete and revoke logins. Without a cluster's name it also deletes the kept sign-in to Backstage.

use time::format_description::well_known::Rfc3339;

use super::{Account, unless_interrupted};
use crate::helper::HelperError;
use crate::helper::backend_client::BackendApi;
use crate::helper::terminal::tools::Tools;
use crate::protocol::{DisconnectedResponse, LivesOn};
use crate::settings::login::LoginSettings;

/// What the command deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At the backend: the login at the configured cluster, or all of the user's.
    Backend,
    /// On this machine: the confirmation of the backend and the kept sign-in, without a request to the backend.
    Local,
}

/// Deletes it and reports what was deleted.
///
/// # Errors
/// As the variants of [`HelperError`] say.
pub async fn run(settings: LoginSettings, scope: Scope, tools: Tools) -> Result<(), HelperError> {
    unless_interrupted(async {
        match scope {
            Scope::Backend => disconnect(&settings, &tools).await,
            Scope::Local => forget_here(&settings, &tools).await,
        }
    })
    .await
}

async fn forget_here(settings: &LoginSettings, tools: &Tools) -> Result<(), HelperError> {
    let api = BackendApi::connect(settings, tools.random.as_ref(), &tools.clock)?;
    let trust = tools.backend_trust(&api, settings)?;
    let sign_in = match &tools.state_folder {
        Some(folder) => tools.backstage_client(&api, settings)?.token_file(folder).forget().await?,
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
    if !sign_in && !confirmed {
        tools.answers.say(&format!("Nothing to forget: this machine knows nothing of {name}."));
    }
    Ok(())
}

async fn disconnect(settings: &LoginSettings, tools: &Tools) -> Result<(), HelperError> {
    let account = Account::open(settings, tools).await?;
    let cluster = settings.cluster.as_deref();
    let disconnect = || account.api.disconnect(account.user_token.as_ref(), cluster);
    let answer = account.answer(disconnect).await?;
    for line in lines(&answer, cluster, account.api.address()) {
        tools.answers.say(&line);
    }
    // All of the user's logins are deleted, so the sign-in that could begin new ones on this machine is deleted, too.
    if cluster.is_none() && account.forget_sign_in(settings, tools).await? {
        tools.answers.say("The Backstage sign-in that was kept on this machine is forgotten.");
    }
    Ok(())
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
