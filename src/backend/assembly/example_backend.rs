//! A backend for unit tests: the cluster `dev` behind an identity provider that is not there, and a clock that stands still.

use std::ops::Deref;
use std::sync::Arc;

use time::OffsetDateTime;

use super::client_tls::ClientTls;
use super::{Foundations, Services, StoreUse, assemble};
use crate::backend::logins::{IssuedTo, LiveLogin, LoginKey, LoginRecord, LoginState, TokenSet};
use crate::backend::oidc::identity_rule::CatalogSaid;
use crate::backstage_names::UserRef;
use crate::clock::Clock;
use crate::random::Random;
use crate::settings::Source;
use crate::settings::backend::BackendSettings;
use crate::store::Store;
use crate::store::contract::ChosenClock;
use crate::store::memory::Memory;
use crate::store::observed::Observed;
use crate::store::sealing::Keyring;

/// What its records are sealed with.
pub(in crate::backend) const EXAMPLE_KEY: &str = "a:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";

/// A login with an ID token that is issued now and expires in an hour.
pub(in crate::backend) fn example_login(subject: &str, now: OffsetDateTime) -> LiveLogin {
    LiveLogin {
        id: "login".to_owned(),
        issued_to: IssuedTo {
            issuer: "http://localhost:1/".to_owned(),
            client_id: "kubernetes".to_owned(),
            subject: subject.to_owned(),
        },
        organization: None,
        said: CatalogSaid::default(),
        email: None,
        tokens: TokenSet {
            id_token: "id".into(),
            issued_at: now,
            expires_at: now + time::Duration::HOUR,
            access_token: Some("access".into()),
            access_token_expires_at: None,
            refresh_token: Some("refresh".into()),
            refresh_expires_at: None,
        },
        intent: None,
        failing: None,
    }
}

/// The backend's services, what they stand on, and a clock that a test sets.
pub(in crate::backend) struct ExampleBackend {
    services: Services,
    pub(in crate::backend) store: Arc<dyn Store>,
    pub(in crate::backend) random: Arc<dyn Random>,
    pub(in crate::backend) clock: Arc<ChosenClock>,
}

impl Deref for ExampleBackend {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

impl ExampleBackend {
    /// One with an empty store.
    pub(in crate::backend) fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let variables = [
            ("CLUSTER_NAME", "dev"),
            ("OIDC_ISSUER_URL", "http://localhost:1/"),
            ("OIDC_CLIENT_ID", "kubernetes"),
        ];
        let source = Source::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let settings = BackendSettings::read(&source).unwrap();
        let foundations = Foundations::new(&settings, StoreUse::Serve).unwrap();
        let clock = Arc::new(ChosenClock::default());
        let memory = Memory::new(Arc::clone(&clock) as _);
        let store: Arc<dyn Store> =
            Arc::new(Observed::new(memory, foundations.metrics.store_seconds.clone()));
        let random = Arc::clone(&foundations.random);
        let keyring = Arc::new(Keyring::parse(EXAMPLE_KEY).unwrap());
        let (own_clock, own_store) = (Arc::clone(&clock) as _, Arc::clone(&store));
        let on = Foundations { clock: own_clock, store: own_store, keyring, ..foundations };
        let tls = ClientTls::load(&settings, &on.files).unwrap();
        let (services, jobs) = assemble(&settings, on, &tls);
        jobs.run_here();
        Self { services, store, random, clock }
    }

    /// Keeps a login of `user:default/{name}`; its ID token expires an hour from now.
    pub(in crate::backend) async fn log_in(&self, name: &str, cluster: &str) -> LoginKey {
        let user: UserRef = format!("user:default/{name}").parse().unwrap();
        let (key, now) = (LoginKey::new(&user, cluster), self.clock.now());
        let live = example_login(name, now);
        self.write(&key, LoginState::Live(Arc::new(live.clone()))).await;
        self.index.kept(&key, &live).await;
        key
    }

    /// Notes a use of a login.
    pub(in crate::backend) fn uses(&self, key: &LoginKey) {
        self.index.used(key, &example_login("felix", self.clock.now()).issued_to);
    }

    /// Writes a login's record, and nothing else.
    pub(in crate::backend) async fn write(&self, key: &LoginKey, state: LoginState) {
        let sealed = self.logins.seal(key, &LoginRecord::new(1, state)).unwrap();
        self.store.put(&key.record(), &sealed, self.logins.ttl).await.unwrap();
    }

    /// The bytes of a login's record.
    pub(in crate::backend) async fn record(&self, key: &LoginKey) -> Option<Vec<u8>> {
        self.store.get(&key.record()).await.unwrap()
    }
}
