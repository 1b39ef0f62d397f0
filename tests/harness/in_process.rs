//! The backend in the test's own process: its services and routes, on a clock that the test moves. The real binary has no way to be
//! given one, and shall have none.

pub mod neighbours;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use actix_http::Request;
use actix_service::ServiceExt;
use actix_service::boxed::{self, BoxService};
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use actix_web::{App, Error};
use backstage_oidc_helper::backend::api;
use backstage_oidc_helper::backend::assembly::client_tls::ClientTls;
use backstage_oidc_helper::backend::assembly::{Foundations, Services, StoreUse, assemble};
use backstage_oidc_helper::backend::inbound::request_id;
use backstage_oidc_helper::backend::logins::{LiveLogin, LoginKey, LoginState};
use backstage_oidc_helper::clock::Clock;
use backstage_oidc_helper::settings::backend::BackendSettings;
use backstage_oidc_helper::store::memory::Memory;
use serde_json::{Value, json};
use time::OffsetDateTime;

use self::neighbours::{FELIX, Neighbours};
use crate::harness::clients::api::redirect_body;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::programs::backend::BackendPlan;

/// The machine's clock, and so far ahead of it.
#[derive(Debug, Default)]
pub struct ClockAhead {
    milliseconds: AtomicI64,
}

impl ClockAhead {
    /// How far it is ahead.
    pub fn ahead(&self) -> time::Duration {
        time::Duration::milliseconds(self.milliseconds.load(Relaxed))
    }

    /// Lets so much time pass.
    pub fn pass(&self, time: Duration) {
        self.milliseconds.fetch_add(i64::try_from(time.as_millis()).unwrap(), Relaxed);
    }
}

impl Clock for ClockAhead {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.ahead()
    }
}

/// A backend with one cluster, `dev`, and with Felix as its user; the identity provider keeps to the same clock.
pub struct BackendHere<'w> {
    /// The time.
    pub clock: Arc<ClockAhead>,
    idp: &'w HostileIdp,
    services: Services,
    /// What is beside it.
    pub neighbours: Neighbours,
    app: BoxService<Request, ServiceResponse<BoxBody>, Error>,
}

/// Status and body.
pub type Said = (u16, Value);

impl<'w> BackendHere<'w> {
    /// Starts one by this plan, beside a Backstage and before a cluster of its own.
    pub async fn start(plan: &BackendPlan, idp: &'w HostileIdp) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        idp.set_clock_ahead(0.0);
        let clock = Arc::new(ClockAhead::default());
        let neighbours = Neighbours::start(&clock);
        let plan = plan.clone().without("CLUSTER_AUTH_DEV_USER");
        let plan = plan.with("BACKSTAGE_URL", &neighbours.url).with("KUBERNETES_API_URL", &neighbours.url);
        let settings = plan.settings();
        let foundations = Foundations::new(&settings, StoreUse::Serve).unwrap();
        let on = Foundations {
            store: Arc::new(Memory::new(Arc::clone(&clock) as _)),
            clock: Arc::clone(&clock) as _,
            ..foundations
        };
        let tls = ClientTls::load(&settings, &on.files).unwrap();
        let (services, jobs) = assemble(&settings, on, &tls);
        jobs.run_here();
        let app = app(&services, &settings, &tls).await;
        Self { clock, idp, services, neighbours, app }
    }

    /// Lets so much time pass, here and at the identity provider.
    pub fn pass(&self, time: Duration) {
        self.clock.pass(time);
        self.idp.set_clock_ahead(self.clock.ahead().as_seconds_f64());
    }

    /// Logs Felix in.
    pub async fn log_in(&self) {
        let (status, session) = self.post("/register", &self.neighbours.user_token, &json!({})).await;
        assert_eq!(status, 200, "{}", session["error"]);
        let redirect = self.idp.log_in(session["authUrl"].as_str().unwrap());
        let token = session["sessionToken"].as_str().unwrap();
        let (status, outcome) = self.post("/exchange", token, &redirect_body(&redirect)).await;
        assert_eq!((status, &outcome["success"]), (200, &json!(true)), "{outcome}");
    }

    /// `GET /token`, as Backstage's Kubernetes plugin on behalf of Felix; the token itself is left out.
    pub async fn token(&self) -> Said {
        self.token_by(&self.neighbours.plugin_token).await
    }

    /// The same, with another credential.
    pub async fn token_by(&self, bearer: &str) -> Said {
        let (status, mut given) = self.get("/token", bearer).await;
        if let Some(given) = given.as_object_mut() {
            given.remove("token");
        }
        (status, given)
    }

    /// Felix lists pods through the proxy, at an API server that looks whether his token is good by the same clock.
    pub async fn pods(&self) -> Said {
        self.get("/clusters/dev/proxy/api/v1/pods", &self.neighbours.user_token).await
    }

    /// `GET /status`, the cluster's entry, once no refresh is under way.
    pub async fn status(&self) -> Value {
        self.services.detached.done().await;
        let (status, said) = self.get("/status", &self.neighbours.user_token).await;
        assert_eq!(status, 200, "{said}");
        said["clusters"][0].clone()
    }

    /// The login as it is kept, where it lives.
    pub async fn login(&self) -> Option<LiveLogin> {
        let key = LoginKey::new(&FELIX.parse().unwrap(), "dev");
        match self.services.logins.read(&key).await.unwrap()?.record.state {
            LoginState::Live(live) => Some(Arc::unwrap_or_clone(live)),
            LoginState::Ended(_) => None,
        }
    }

    /// A call with this credential.
    pub async fn get(&self, path: &str, bearer: &str) -> Said {
        self.said(TestRequest::get(), path, bearer).await
    }

    /// The same, with a body.
    pub async fn post(&self, path: &str, bearer: &str, body: &Value) -> Said {
        self.said(TestRequest::post().set_json(body), path, bearer).await
    }

    async fn said(&self, request: TestRequest, path: &str, bearer: &str) -> Said {
        let request = request
            .uri(&format!("/api/cluster-auth{path}"))
            .peer_addr(([127, 0, 0, 1], 1).into())
            .insert_header(("authorization", format!("Bearer {bearer}")));
        let answer = call_service(&self.app, request.to_request()).await;
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&read_body(answer).await).unwrap_or_default())
    }
}

/// The API as a worker of the backend serves it.
async fn app(
    services: &Services,
    settings: &BackendSettings,
    tls: &ClientTls,
) -> BoxService<Request, ServiceResponse<BoxBody>, Error> {
    let app = App::new()
        .configure(|config| services.register(config))
        .app_data(Data::new(services.kubernetes_proxy(tls, settings)))
        .configure(|config| api::api(config, settings))
        .wrap(from_fn(request_id::follow));
    boxed::service(init_service(app).await.map(ServiceResponse::map_into_boxed_body))
}
