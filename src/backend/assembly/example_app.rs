//! A backend for unit tests: the cluster `dev` behind an identity provider that is not there, and a clock that stands still.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{App, ClientTls};
use crate::backend::logins::{LiveLogin, LoginKey, LoginRecord, LoginState, TokenSet, index};
use crate::backstage_names::UserRef;
use crate::settings::Source;
use crate::settings::backend::BackendSettings;
use crate::store::contract::ChosenClock;
use crate::store::memory::Memory;
use crate::store::observed::Observed;

/// A login whose ID token is issued now and expires in an hour.
pub(in crate::backend) fn example_login(subject: &str, now: OffsetDateTime) -> LiveLogin {
    LiveLogin {
        id: "login".to_owned(),
        issuer: "http://localhost:1/".to_owned(),
        audience: "kubernetes".to_owned(),
        subject: subject.to_owned(),
        organization: None,
        catalog_email: None,
        tokens: TokenSet {
            id_token: "id".into(),
            issued_at: now,
            expires_at: now + time::Duration::HOUR,
            access_token: "access".into(),
            access_token_expires_at: None,
            refresh_token: Some("refresh".into()),
        },
        intent: None,
        failing: None,
    }
}

/// The backend, and the hand on its clock.
pub(in crate::backend) struct ExampleApp {
    pub(in crate::backend) app: Arc<App>,
    pub(in crate::backend) clock: Arc<ChosenClock>,
}

impl ExampleApp {
    /// One with an empty store.
    pub(in crate::backend) fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let variables = [
            ("CLUSTER_NAME", "dev"),
            ("OIDC_ISSUER_URL", "http://localhost:1/"),
            ("OIDC_CLIENT_ID", "kubernetes"),
        ];
        let source = Source::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let (mut app, jobs) = crate::backend::assemble(BackendSettings::read(&source).unwrap()).unwrap();
        let clock = Arc::new(ChosenClock::default());
        let memory = Memory::new(Arc::clone(&clock) as _);
        app.store = Arc::new(Observed::new(memory, app.metrics.store_seconds.clone()));
        app.clock = Arc::clone(&clock) as _;
        let clients = ClientTls::load(&app.settings).unwrap().clients(&app.settings);
        jobs.run_here(clients);
        Self { app: Arc::new(app), clock }
    }

    /// Keeps a login of `user:default/{name}`, whose ID token expires an hour from now.
    pub(in crate::backend) async fn log_in(&self, name: &str, cluster: &str) -> LoginKey {
        let user: UserRef = format!("user:default/{name}").parse().unwrap();
        let (key, now) = (LoginKey::new(&user, cluster), self.app.clock.now());
        let live = example_login(name, now);
        self.write(&key, LoginState::Live(Box::new(live))).await;
        index::kept(&self.app, &key).await;
        key
    }

    /// Writes a login's record, and nothing else.
    pub(in crate::backend) async fn write(&self, key: &LoginKey, state: LoginState) {
        let logins = self.app.logins();
        let sealed = logins.seal(key, &LoginRecord { version: 1, state }).unwrap();
        self.app.store.put(&key.record(), &sealed, logins.kept).await.unwrap();
    }

    /// The bytes of a login's record.
    pub(in crate::backend) async fn record(&self, key: &LoginKey) -> Option<Vec<u8>> {
        self.app.store.get(&key.record()).await.unwrap()
    }
}
