//! The `get-token` command: kubectl's credential plugin. Standard output holds the `ExecCredential` and nothing else; its token is one of
//! Backstage's, never the cluster's. Nothing is read from standard input, which is kubectl's.
//!
//! The token is `BACKSTAGE_TOKEN`, or that of the kept sign-in, or that of a new one in the browser: any number of runs share one tab.

pub mod credential;
pub mod exec_info;

use std::time::Duration;

use secrecy::SecretString;

use self::credential::{Credential, Until};
use self::exec_info::{ExecInfo, Person};
use super::browser_sign_in::{BrowserSignIn, INTERRUPTED};
use super::no_sign_in::{NoSignIn, Reason};
use super::tab_record::TabRecord;
use crate::helper::HelperError;
use crate::helper::backend_client::{ApiError, BackendApi};
use crate::helper::confirmation::in_terminal;
use crate::helper::sign_in::credential::UserCredential;
use crate::helper::sign_in::token_file::{TokenFile, Tokens};
use crate::helper::sign_in::{BackstageClient, EARLY, SignInError};
use crate::helper::terminal::tools::Tools;
use crate::outbound::OutboundError;
use crate::settings::login::LoginSettings;
use crate::stop_signal::stop_requested;

/// How much longer a run waits for another one than that waits for the user, so that it hears how it ended.
const LAST_STEPS: Duration = Duration::from_secs(20);

/// Writes the credential that kubectl asks for in `exec_info`, its variable `KUBERNETES_EXEC_INFO`.
///
/// # Errors
/// As the variants of [`HelperError`] say; then nothing was written to standard output.
pub async fn run(
    settings: LoginSettings,
    exec_info: Option<String>,
    tools: Tools,
) -> Result<(), HelperError> {
    let asked = ExecInfo::read(exec_info.as_deref())?;
    let credential = tokio::select! {
        // The wait for the browser ends itself, and knows what to do with its tab.
        biased;
        credential = credential(&settings, asked.person, &tools) => credential?,
        _ = stop_requested() => return Err(HelperError::Interrupted(INTERRUPTED)),
    };
    tools.answers.pass_on(&credential.to_json(asked.version)?).map_err(HelperError::Output)
}

/// The credential for that backend. An unconfirmed backend is sent nothing.
///
/// # Errors
/// As the variants of [`HelperError`] say.
pub async fn credential(
    settings: &LoginSettings,
    person: Person,
    tools: &Tools,
) -> Result<Credential, HelperError> {
    let api = BackendApi::connect(settings, tools.random.as_ref(), &tools.clock)?;
    // Nothing is asked: the terminal is kubectl's.
    in_terminal::confirmed_before(&tools.backend_trust(&api, settings)?, settings)?;
    if let Some(token) = given_token(settings)? {
        return Ok(Credential { until: Until::of_given(&token), token });
    }
    let client = tools.backstage_client(&api, settings)?;
    let no_home = || NoSignIn::at(api.address(), settings, Reason::NoHome);
    let folder = tools.state_folder.as_deref().ok_or_else(no_home)?;
    let file = client.token_file(folder);
    let here = SignedInOnce { settings, tools, api: &api, client, file, person };
    let tokens = here.tokens().await?;
    Ok(Credential {
        until: Until::Time(tokens.expires_at.saturating_sub(EARLY)),
        token: tokens.access_token.expose().into(),
    })
}

/// `BACKSTAGE_TOKEN`. A cookie is not traded here: each trade would spend it, for every call of kubectl's.
fn given_token(settings: &LoginSettings) -> Result<Option<SecretString>, HelperError> {
    if settings.backstage_token.is_none() {
        return Ok(None);
    }
    match UserCredential::choose(settings)? {
        UserCredential::BackstageToken(token) => Ok(Some(token)),
        UserCredential::Cookie { .. } | UserCredential::Kept(_) | UserCredential::Nothing => Ok(None),
    }
}

/// One sign-in for any number of runs.
struct SignedInOnce<'a> {
    settings: &'a LoginSettings,
    tools: &'a Tools,
    api: &'a BackendApi,
    client: BackstageClient<'a>,
    file: TokenFile,
    person: Person,
}

impl SignedInOnce<'_> {
    /// The kept tokens, or those of a sign-in in the browser. A run that finds another one waiting for the browser waits for its outcome.
    async fn tokens(self) -> Result<Tokens, HelperError> {
        let record = TabRecord::new(&self.file);
        if let Some(kept) = self.kept().await? {
            record.forget();
            return Ok(kept);
        }
        let _only_one = self.turn(&record).await?;
        if let Some(kept) = self.kept().await? {
            return Ok(kept);
        }
        self.user_can_be_asked()?;
        if let Some(reason) = record.keeps_closed(self.tools.clock.now())? {
            return Err(self.no_sign_in(reason));
        }
        let Self { settings, tools, api, client, file, .. } = self;
        BrowserSignIn { settings, tools, api, record: &record }.run(client, &file).await
    }

    /// The kept tokens. What Backstage answers to a refresh may be no answer of OAuth's, where it refreshes nothing any more.
    async fn kept(&self) -> Result<Option<Tokens>, HelperError> {
        match self.client.kept(&self.file).await {
            Err(SignInError::NoAnswer(ApiError::NoAnswer(OutboundError::NotJson))) => Ok(None),
            Err(SignInError::File(error)) => Err(error.into()),
            kept => kept.map_err(|error| HelperError::of_sign_in(error, self.api.address())),
        }
    }

    /// Waits until no other run waits for the browser, as long as this one would wait for the user.
    async fn turn(&self, record: &TabRecord) -> Result<std::fs::File, HelperError> {
        if let Some(lock) = record.try_lock()? {
            return Ok(lock);
        }
        self.tools.terminal.say("Another command waits for you to sign in to Backstage in your browser.");
        let timeout: Duration = self.settings.login_timeout.0;
        let lock = record.lock_within(timeout.saturating_add(LAST_STEPS)).await?;
        lock.ok_or_else(|| self.no_sign_in(Reason::AnotherWaits(timeout)))
    }

    /// Whether there is a user who would see the tab, or the link.
    fn user_can_be_asked(&self) -> Result<(), HelperError> {
        match self.person {
            Person::NotAsked => Err(self.no_sign_in(Reason::NotInteractive)),
            Person::MayBeAsked if self.tools.browser.opens_windows() || self.settings.prints_link_only() => {
                Ok(())
            }
            Person::MayBeAsked => Err(self.no_sign_in(Reason::NoBrowser)),
        }
    }

    fn no_sign_in(&self, reason: Reason) -> HelperError {
        NoSignIn::at(self.api.address(), self.settings, reason).into()
    }
}
