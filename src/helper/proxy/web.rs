//! The one web application, which stands on both ports.

pub mod hand_over;
pub mod health;
pub mod login_button;
pub mod pages;
pub mod questions;

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::time::Instant;

use super::logins::lookup::ManyLogins;
use super::state::App;
use crate::helper::web::guard::AllowedHosts;
use crate::helper::web::login_lookup::LoginLookup;
use crate::helper::web::methods::{get, post};
use crate::helper::web::server::{self, PortServer};
use crate::helper::web::{of_every_login, redirect};
use crate::helper::{callback, port};

/// Serves them, in the task system of the thread that calls.
///
/// # Errors
/// When the system does not let it.
pub fn serve(listeners: Vec<TcpListener>, app: &Arc<App>) -> std::io::Result<PortServer> {
    let port = port::port(&listeners).unwrap_or_default();
    let hosts = web::Data::new(AllowedHosts::new(port, &app.settings.login.allowed_hosts));
    let logins: Arc<dyn LoginLookup> = Arc::new(ManyLogins(Arc::clone(app)));
    let (logins, app) = (web::Data::from(logins), web::Data::from(Arc::clone(app)));
    let routes = move |config: &mut web::ServiceConfig| {
        config.app_data(app.clone()).app_data(logins.clone()).app_data(hosts.clone()).configure(configure);
    };
    // The log says it; there is nobody at a terminal.
    server::serve(listeners, routes, || {})
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
        .configure(of_every_login)
        .default_service(web::to(arrive_elsewhere));
}

/// `GET /`, and how long a redirect takes.
async fn arrive(
    request: HttpRequest,
    logins: web::Data<dyn LoginLookup>,
    app: web::Data<App>,
) -> HttpResponse {
    let began = Instant::now();
    let is_redirect = matches!(callback::state_of(request.query_string()), Ok(Some(_)));
    let answer = redirect::arrive(request, logins).await;
    if is_redirect {
        app.metrics.callback_seconds.observe(began.elapsed().as_secs_f64());
    }
    answer
}

/// The same for a redirect URI with a path, among what is nothing.
async fn arrive_elsewhere(
    request: HttpRequest,
    logins: web::Data<dyn LoginLookup>,
    app: web::Data<App>,
) -> HttpResponse {
    let began = Instant::now();
    let answer = redirect::arrive_elsewhere(request, logins).await;
    if answer.status() != StatusCode::NOT_FOUND {
        app.metrics.callback_seconds.observe(began.elapsed().as_secs_f64());
    }
    answer
}
