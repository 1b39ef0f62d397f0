//! The proxy's web application, which both ports serve.

pub mod hand_over;
pub mod health;
pub mod login_button;
pub mod pages;

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use tokio::time::Instant;

use self::health::Readiness;
use super::logins::ProxyLogins;
use super::state::form_tokens::{ButtonPage, FormTokens};
use crate::helper::web::guard::AllowedHosts;
use crate::helper::web::login_lookup::{LoginLookup, Unavailable};
use crate::helper::web::methods::{get, post};
use crate::helper::web::pages::layout::Page;
use crate::helper::web::redirect::{self, Index};
use crate::helper::web::server::{self, PortServer};
use crate::helper::web::shared_routes;
use crate::helper::{callback, port};

/// The services of its handlers.
pub struct Web {
    /// The logins.
    pub logins: ProxyLogins,
    /// Whether the proxy can receive callbacks.
    pub readiness: Arc<Readiness>,
    /// The tokens of the helper's own page.
    pub form_tokens: Arc<FormTokens>,
}

impl Web {
    /// Serves on these listeners, on the runtime of the calling thread.
    ///
    /// # Errors
    /// When a listener cannot be served.
    pub fn serve(self: &Arc<Self>, listeners: Vec<TcpListener>) -> std::io::Result<PortServer> {
        let port = port::port(&listeners).unwrap_or_default();
        let hosts = web::Data::new(AllowedHosts::new(port, &self.logins.settings.allowed_hosts));
        let found: Arc<dyn LoginLookup> = Arc::new(self.logins.clone());
        let index: Arc<dyn Index> = Arc::<Self>::clone(self);
        let (found, index) = (web::Data::from(found), web::Data::from(index));
        let logins = web::Data::new(self.logins.clone());
        let readiness = web::Data::from(Arc::clone(&self.readiness));
        let form_tokens = web::Data::from(Arc::clone(&self.form_tokens));
        let routes = move |config: &mut web::ServiceConfig| {
            config
                .app_data(hosts.clone())
                .app_data(found.clone())
                .app_data(index.clone())
                .app_data(logins.clone())
                .app_data(readiness.clone())
                .app_data(form_tokens.clone())
                .configure(configure);
        };
        // The log reports clients with TLS; the proxy has no terminal.
        server::serve(listeners, routes, || {})
    }
}

#[async_trait]
impl Index for Web {
    async fn index(&self) -> Result<Page, Unavailable> {
        let ProxyLogins { backend, known, .. } = &self.logins;
        let Some(backstage_url) = backend.backstage_url() else { return Ok(pages::no_backstage()) };
        let unconfirmed = backend.unconfirmed();
        let button = if unconfirmed.is_some() { ButtonPage::Asks } else { ButtonPage::Trusts };
        let form_token = self.form_tokens.issue(button).await?;
        let info = backend.info_for_page().await;
        let page = pages::Index { backstage_url, info: info.as_ref(), unconfirmed };
        Ok(page.with(&known.live.facts(), &form_token))
    }
}

/// All routes of the proxy.
fn configure(config: &mut web::ServiceConfig) {
    config
        .service(get("/", web::get().to(arrive)))
        .service(post("/start", web::post().to(hand_over::start)))
        .service(post("/login", web::post().to(login_button::log_in)))
        .service(get("/healthz", web::get().to(health::alive)))
        .service(get("/readyz", web::get().to(health::ready)))
        .service(get("/metrics", web::get().to(health::metrics)))
        .service(get("/status", web::get().to(health::status)))
        .configure(shared_routes)
        .default_service(web::to(arrive_elsewhere));
}

/// `GET /`; measures how long a callback takes.
async fn arrive(
    request: HttpRequest,
    found: web::Data<dyn LoginLookup>,
    index: web::Data<dyn Index>,
    logins: web::Data<ProxyLogins>,
) -> HttpResponse {
    let began = Instant::now();
    let is_redirect = matches!(callback::state_of(request.query_string()), Ok(Some(_)));
    let answer = redirect::handle(request, found, index).await;
    if is_redirect {
        logins.metrics.callback_seconds.observe(began.elapsed().as_secs_f64());
    }
    answer
}

/// The same for a redirect URI with a path; other paths are 404.
async fn arrive_elsewhere(
    request: HttpRequest,
    found: web::Data<dyn LoginLookup>,
    logins: web::Data<ProxyLogins>,
) -> HttpResponse {
    let began = Instant::now();
    let answer = redirect::handle_other_path(request, found).await;
    if answer.status() != StatusCode::NOT_FOUND {
        logins.metrics.callback_seconds.observe(began.elapsed().as_secs_f64());
    }
    answer
}
