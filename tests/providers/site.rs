//! What the steps have to know of a provider, and what they can have it do.

use super::login_form::LoginForm;
use crate::harness::world::World;

/// How long its ID tokens live: long enough to reach the cluster on a busy machine.
pub const ID_TOKEN_SECONDS: u64 = 5;
/// The person's name, which is their address too, and their password.
pub const PERSON: &str = "felix@example.com";
pub const PASSWORD: &str = "dev";
/// The client of the cluster, and where its redirect leads.
pub const CLIENT: &str = "kubernetes";
pub const REDIRECT: &str = "http://localhost:8000/";
/// The client of another application of the same people, and where its redirect leads.
pub const OTHER_CLIENT: &str = "portal";
pub const OTHER_REDIRECT: &str = "http://localhost:8899/";
/// So long is a name that makes a token of 20 KB.
pub const HUGE: usize = 20 << 10;

/// What a step wants to be different.
#[derive(Clone, Copy, Default)]
pub struct Wanted {
    /// Of the cluster's client; none makes it a public one.
    pub secret: Option<&'static str>,
    /// After how many seconds a login is over, whatever is done.
    pub login_seconds: Option<u64>,
    /// Whether the ID token has 20 KB.
    pub token: TokenSize,
    /// How long a signing key is in use.
    pub keys: Keys,
    /// What becomes of a refresh token that was spent.
    pub spending: Spending,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenSize {
    #[default]
    Usual,
    Huge,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Keys {
    #[default]
    Lasting,
    Short,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Spending {
    /// It has a successor, and does not count again.
    #[default]
    Strict,
    /// As its page in docs/providers has it: for a lost answer, it counts again.
    AsOnPage,
}

/// What a provider says and does, where they differ.
pub struct Manners {
    /// The claim that is the user's name at the cluster.
    pub username_claim: &'static str,
    /// The `reason` of `/status` once the refresh token has been spent by another.
    pub spent: &'static str,
    /// What becomes of a login when an old refresh token of its is sent again.
    pub reuse: Reuse,
    /// The reason once the person is disabled.
    pub disabled: &'static str,
    /// How a login is over after its time.
    pub over: Over,
    /// What a logout does there.
    pub logout: Logout,
    /// How many logins one person has at one client.
    pub logins_a_client: Logins,
    /// What becomes of a login when its refresh token was sent to a provider that hung.
    pub freeze: Freeze,
    /// What a restart does.
    pub restart: Restart,
    /// What is said of the browser's own session, where there is none.
    pub no_browser_session: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// All tokens of the login are void.
    EndsLogin,
    /// It is refused, and that is all.
    IsRefused,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The provider says beforehand when: `expired`.
    Announced,
    /// It says so when asked; the reason.
    Unannounced(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Logout {
    Revokes,
    LivesOn,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Logins {
    Many,
    /// The newest; the others' refresh tokens are void.
    One,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Freeze {
    LivesOn,
    /// The provider spends what it was sent once it goes on, and forgives no second time.
    Lost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    Remembers,
    Forgets,
}

/// A real provider.
pub trait Provider {
    fn name(&self) -> &'static str;

    fn manners(&self) -> Manners;

    /// With clients, person and clocks of a step's own.
    fn open(&self, world: &World, wanted: &Wanted) -> Box<dyn Site>;
}

/// What one step has of a provider.
pub trait Site {
    /// As its ID tokens name it.
    fn issuer(&self) -> String;

    /// Where the person logs in.
    fn form(&self) -> LoginForm;

    /// From now on tokens are signed with another key.
    fn rotate_keys(&mut self);

    /// The person may not log in any more.
    fn disable_person(&mut self);

    /// Ends what the person has at the client, where its lifetime cannot be set.
    fn end_login(&mut self);

    fn freeze(&self);

    fn resume(&self);

    /// What it keeps only in memory is gone.
    fn restart(&mut self);
}
