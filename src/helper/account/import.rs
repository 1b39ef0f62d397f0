//! The `import` command: brings the backend the login that kubelogin has in its cache for a cluster's issuer and client.
//!
//! The ID token alone, and kubelogin goes on as before. Or the whole login (`--take-over`): a refresh token can be spent by one of two
//! alone, so the entry is locked as kubelogin locks it, read again, brought, and removed once the backend has it. What is wrong before
//! that leaves everything as it is.

pub mod no_import;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::no_import::{NoImport, nothing_in};
use super::shown_time::utc;
use super::{Account, unless_interrupted};
use crate::helper::HelperError;
use crate::helper::backend_client::{ApiError, Refusal, harmless};
use crate::helper::kubectl::get_token;
use crate::helper::kubectl::get_token::exec_info::Person;
use crate::helper::session::auth_url::{AuthUrl, BadAuthUrl, redirect_uri_of};
use crate::helper::session::which_cluster::{self, Choice};
use crate::helper::terminal::tools::Tools;
use crate::outbound::OutboundError;
use crate::protocol::{
    BroughtRefreshToken, Code, Connected, ExchangeResponse, Info, RegisterResponse, TokensRequest,
};
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;
use crate::stop_signal::{outlive_terminal, stop_requested_at_terminal};
use crate::store::kubelogin_cache::entry::{CachedLogin, Standing};
use crate::store::kubelogin_cache::lock::{EntryLock, NotLocked};
use crate::store::kubelogin_cache::place;
use crate::store::kubelogin_cache::{Client, EntryName, KubeloginCache, NoCache};

/// How long to wait for kubelogin, which holds its lock while its user logs in: longer than a refresh takes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How many of the client's logins are offered: a person has several with other scopes, or at another organization of the provider's.
const OFFERED: usize = 4;

/// What is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// The ID token; kubelogin keeps its login.
    IdToken,
    /// The login with its refresh token, which kubelogin has no more then.
    Login,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is brought.
    pub takes: Takes,
    /// kubelogin's cache.
    pub folder: PathBuf,
}

impl Order {
    /// With kubelogin's cache where a flag, `$KUBECACHEDIR` or the home says.
    ///
    /// # Errors
    /// For a user without a home, where the folder is below it.
    pub fn new(
        takes: Takes,
        named: Option<&str>,
        kube_cache_dir: Option<&str>,
        home: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let is_elsewhere = || named.or(kube_cache_dir).is_some_and(|folder| !folder.starts_with('~'));
        let home = home.or_else(|| is_elsewhere().then_some(Path::new("")));
        let home = home.ok_or_else(|| {
            SettingsError(
                "kubelogin's cache cannot be found without a home: set HOME, or name its folder with --token-cache-dir."
                    .to_owned(),
            )
        })?;
        let folder = match named {
            Some(folder) => place::expanded(folder, home),
            None => place::default_folder(kube_cache_dir, home),
        };
        Ok(Self { takes, folder })
    }
}

/// Everything that is known before a token is sent.
struct Prepared<'t> {
    account: Account<'t>,
    cluster: String,
    issuer: String,
    client_id: String,
    /// The client's logins, at least one, in the order in which they are offered.
    logins: Vec<CachedLogin>,
}

/// What is sent.
struct Offer {
    login: CachedLogin,
    /// For a whole login.
    lock: Option<EntryLock>,
}

/// Brings it and says what became of it. A login that is not this user's, or of another organization, is no reason not to offer the next.
///
/// # Errors
/// As the variants of [`HelperError`] say; then kubelogin's cache is as it was, unless the message says otherwise.
pub async fn run(settings: LoginSettings, order: Order, tools: Tools) -> Result<(), HelperError> {
    let cache = KubeloginCache::new(&order.folder);
    let prepared = unless_interrupted(prepare(&settings, order.takes, &cache, &tools)).await?;
    let mut refusal = None;
    for login in &prepared.logins {
        let offer = unless_interrupted(prepared.offer(login, order.takes, &cache, &tools)).await?;
        let bring = prepared.bring(offer, &cache, &tools);
        let brought = match order.takes {
            Takes::IdToken => unless_interrupted(bring).await,
            // Ended here, a refresh token would have two owners.
            Takes::Login => to_its_end(bring, &tools).await,
        };
        match brought {
            Err(error) if is_of_this_login(&error) => refusal = refusal.or(Some(error)),
            done => return done,
        }
    }
    refusal.map_or(Ok(()), Err)
}

/// Whether a refusal says nothing of the other logins.
fn is_of_this_login(error: &HelperError) -> bool {
    matches!(error, HelperError::Refused { code: Some(Code::IdentityMismatch | Code::IdTokenRejected), .. })
}

/// Whether an answer leaves open if the login was taken: these come after the refresh token was sent, too.
fn leaves_open(error: &ApiError) -> bool {
    use Code::{ExchangeInProgress, InternalError, StoreUnavailable, Timeout};
    match error {
        ApiError::NoAnswer(OutboundError::NotConnected(_)) => false,
        ApiError::NoAnswer(_) => true,
        ApiError::Refused(Refusal { code: Some(code), .. }) => {
            matches!(code, ExchangeInProgress | InternalError | StoreUnavailable | Timeout)
        }
        // Of a server in between.
        ApiError::Refused(Refusal { code: None, status, .. }) => *status >= 500,
    }
}

async fn prepare<'t>(
    settings: &LoginSettings,
    takes: Takes,
    cache: &KubeloginCache,
    tools: &'t Tools,
) -> Result<Prepared<'t>, HelperError> {
    let mut account = Account::open_confirmed_before(settings, tools).await?;
    let info = account.answer(|| account.api.info()).await?;
    let cluster = cluster_of(&info, settings, account.api.address())?;
    // No one signs in to hear that there is nothing to bring.
    cache.check().map_err(|reason| no_cache(cache.folder(), reason))?;
    let client_id = client_id(&mut account, (&info, &cluster), (settings, tools)).await?;
    let issuer = info.clusters.iter().find(|known| known.name == cluster).map(|known| known.issuer.clone());
    let issuer = issuer.unwrap_or_default();
    let mut logins = found(cache, Client { issuer: &issuer, id: &client_id }, tools).await?;
    if takes == Takes::Login && logins.iter().any(|login| login.refresh_token.is_some()) {
        logins.retain(|login| login.refresh_token.is_some());
    }
    logins.truncate(OFFERED);
    Ok(Prepared { account, cluster, issuer, client_id, logins })
}

impl Prepared<'_> {
    async fn offer(
        &self,
        login: &CachedLogin,
        takes: Takes,
        cache: &KubeloginCache,
        tools: &Tools,
    ) -> Result<Offer, HelperError> {
        match takes {
            Takes::IdToken => {
                Ok(Offer { login: CachedLogin { refresh_token: None, ..login.clone() }, lock: None })
            }
            Takes::Login => {
                let client = Client { issuer: &self.issuer, id: &self.client_id };
                let (login, lock) = locked(cache, client, &login.name, tools).await?;
                Ok(Offer { login, lock: Some(lock) })
            }
        }
    }

    /// Sends it. The entry goes, still locked, once the backend has answered that it has the login.
    async fn bring(&self, offer: Offer, cache: &KubeloginCache, tools: &Tools) -> Result<(), HelperError> {
        let Self { account, cluster, .. } = self;
        let Offer { login: CachedLogin { name, id_token, refresh_token, .. }, lock } = offer;
        let cluster = Some(cluster.clone());
        let tokens = TokensRequest { id_token, access_token: None, refresh_token, cluster };
        // Of all tries: what a later one is refused for says nothing of an earlier one.
        let is_open = Cell::new(false);
        let answer = account.answer(|| async {
            let answer = account.api.import(account.user_token.as_ref(), &tokens).await;
            is_open.set(is_open.get() || answer.as_ref().is_err_and(leaves_open));
            answer
        });
        let answer = answer.await;
        let path = cache.path_of(&name);
        let connected = match answer {
            Ok(ExchangeResponse::Connected(connected)) => connected,
            Ok(ExchangeResponse::Denied(_)) => {
                return Err(HelperError::refused(None, "The backend says no."));
            }
            Err(_) if lock.is_some() && is_open.get() => {
                return Err(NoImport::Unknown { path, backend: account.api.address().to_owned() }.into());
            }
            Err(error) => return Err(error),
        };
        tools.answers.say(&outcome(&connected));
        let Some(lock) = lock else { return Ok(()) };
        let refresh_token = connected.brought_refresh_token;
        if refresh_token.is_none_or(|became| became == BroughtRefreshToken::Left) {
            return Err(NoImport::NotMoved.into());
        }
        // Spent without a successor at the backend, it goes as well: kubelogin's next use of it would end other logins.
        cache.remove(&lock).map_err(|reason| NoImport::Left { path, reason })?;
        if refresh_token == Some(BroughtRefreshToken::Spent) && !connected.refreshable {
            return Err(NoImport::Spent.into());
        }
        tools
            .answers
            .say("kubelogin has this login no more: it asks you to log in when kubectl needs it next.");
        Ok(())
    }
}

/// The named cluster, or the only one.
fn cluster_of(info: &Info, settings: &LoginSettings, address: &str) -> Result<String, HelperError> {
    let only = || info.clusters.first().map(|cluster| cluster.name.clone()).unwrap_or_default();
    match which_cluster::choose(info, settings.cluster.as_deref(), address)? {
        Choice::Made(named) => Ok(named.unwrap_or_else(only)),
        Choice::Open => Err(which_cluster::unnamed(info, address).into()),
    }
}

/// The client that logs people in to the cluster. Only an authorization URL says it: that of a session which is cancelled at once.
async fn client_id(
    account: &mut Account<'_>,
    (info, cluster): (&Info, &str),
    (settings, tools): (&LoginSettings, &Tools),
) -> Result<String, HelperError> {
    let begun = match register(account, cluster).await {
        // In the browser, at ports of its own, as for kubectl.
        Err(HelperError::Refused { code: Some(Code::NotSignedIn), .. }) if account.user_token.is_none() => {
            let signed_in = get_token::credential(settings, Person::MayBeAsked, tools).await?;
            account.user_token = Some(signed_in.token);
            register(account, cluster).await?
        }
        begun => begun?,
    };
    if let Err(reason) = account.api.cancel(&begun.session_token).await {
        tracing::info!(%reason, "a session that is not needed is not cancelled: it ends by itself");
    }
    let redirect_uri = redirect_uri_of(info, cluster)?;
    let auth_url = AuthUrl::parse(&begun.auth_url, &redirect_uri, &settings.insecure_http_hosts)?;
    Ok(auth_url.client_id().ok_or(BadAuthUrl::NoClient)?)
}

async fn register(account: &Account<'_>, cluster: &str) -> Result<RegisterResponse, HelperError> {
    let register = || account.api.register(account.user_token.as_ref(), Some(cluster));
    Ok(account.answer(register).await?.body)
}

/// The client's logins, the one that lasts longest first. Where there is none, and kubelogin is at it, after that.
async fn found(
    cache: &KubeloginCache,
    client: Client<'_>,
    tools: &Tools,
) -> Result<Vec<CachedLogin>, HelperError> {
    let search = || {
        let found = cache.search(client, tools.clock.now());
        found.map_err(|reason| no_cache(cache.folder(), reason))
    };
    let mut found = search()?;
    let busy: Vec<EntryName> = found.unsettled().filter(|name| cache.is_locked(name)).cloned().collect();
    if found.logins.is_empty() && !busy.is_empty() {
        say_waiting(tools);
        if !cache.settled(&busy, TIMEOUT).await {
            return Err(NoImport::Locked(TIMEOUT).into());
        }
        found = search()?;
    }
    if found.logins.is_empty() {
        return Err(nothing_in(&found, client, cache).into());
    }
    Ok(found.logins)
}

fn no_cache(folder: &Path, reason: NoCache) -> NoImport {
    if matches!(reason, NoCache::Missing) {
        return NoImport::missing(folder);
    }
    NoImport::NoCache { folder: folder.to_owned(), reason }
}

/// The login under its lock, as it is there by now.
async fn locked(
    cache: &KubeloginCache,
    client: Client<'_>,
    name: &EntryName,
    tools: &Tools,
) -> Result<(CachedLogin, EntryLock), HelperError> {
    let path = cache.path_of(name);
    cache.check_removable().map_err(|reason| NoImport::NotRemovable { path: path.clone(), reason })?;
    let lock = cache.lock(name, TIMEOUT, || say_waiting(tools)).await.map_err(|error| match error {
        NotLocked::Held => NoImport::Locked(TIMEOUT),
        NotLocked::BySystem(reason) => NoImport::NotRemovable { path: path.clone(), reason },
    })?;
    let content = cache.read(name).ok().flatten();
    match content.map(|content| content.standing(client, tools.clock.now())) {
        Some(Standing::Valid { refresh_token: None, .. }) => Err(NoImport::NoRefreshToken.into()),
        Some(Standing::Valid { id_token, refresh_token, expires_at }) => {
            Ok((CachedLogin { name: name.clone(), id_token, refresh_token, expires_at }, lock))
        }
        _ => Err(NoImport::Changed.into()),
    }
}

/// Neither Ctrl-C nor a terminal that is closed ends it.
async fn to_its_end<T>(work: impl Future<Output = T>, tools: &Tools) -> T {
    outlive_terminal();
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        _ = stop_requested_at_terminal() => {}
    }
    tools.terminal.say(
        "The login is sent already: this waits for the backend's answer, some minutes at most, so that the login has one owner.",
    );
    work.await
}

fn say_waiting(tools: &Tools) {
    tools.terminal.say(&format!(
        "kubelogin has its cache locked, for a login or a refresh of its own; waiting for it, at most {} s.",
        TIMEOUT.as_secs()
    ));
}

fn outcome(connected: &Connected) -> String {
    let Connected { user, cluster, .. } = connected;
    let shown = |text: &str| harmless(text).collect::<String>();
    let (user, cluster, account) = (shown(user), shown(cluster), shown(connected.account()));
    let until = utc(connected.expires_at);
    let then = if connected.refreshable {
        "refreshed by itself"
    } else {
        "then run kubectl, and this command again"
    };
    format!("Connected: {user} is {account} at cluster {cluster} until {until}, {then}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_asked_for_where_the_folder_needs_one() {
        let folder =
            |named, variable| Order::new(Takes::IdToken, named, variable, None).map(|order| order.folder);
        assert_eq!(folder(Some("/var/cache"), None).unwrap(), Path::new("/var/cache"));
        assert_eq!(folder(None, Some("/var/kube")).unwrap(), Path::new("/var/kube/oidc-login"));
        for (named, variable) in [(Some("~/cache"), None), (None, Some("~")), (None, None)] {
            assert!(folder(named, variable).is_err(), "{named:?} {variable:?}");
        }
    }
}
