//! `/clusters/{name}/proxy/…`: the Kubernetes API as the user, streamed both ways.

pub mod forward;
pub mod headers;
pub mod lasting;
pub mod open_files;
pub mod path;
pub mod streams;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};

use self::forward::{Forwarded, forward};
use self::lasting::Place;
use super::assembly::{App, Clients};
use super::inbound::caller::{self, UserOrOnBehalf};
use super::inbound::kubernetes_status::as_status;
use super::tokens;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::cluster::{Cluster, KubernetesApi, UserTokens};

/// Passes a request on with the caller's ID token. Own errors are Kubernetes `v1 Status` objects, so that kubectl prints them.
pub async fn proxy(
    request: HttpRequest,
    body: web::Payload,
    name: web::Path<(String, String)>,
    app: web::Data<App>,
    clients: web::Data<Clients>,
) -> HttpResponse {
    let (name, _) = name.into_inner();
    let (app, clients) = (app.into_inner(), clients.into_inner());
    let known = app.settings.clusters.contains_key(&name);
    let answer =
        pass_on(&request, body, &name, &app, &clients).await.unwrap_or_else(|problem| as_status(&problem));
    // Only a configured name becomes a label: the path is anybody's.
    let label = if known { name.as_str() } else { "unknown" };
    app.metrics.kubernetes_requests.with_label_values(&[label, answer.status().as_str()]).inc();
    answer
}

async fn pass_on(
    request: &HttpRequest,
    body: web::Payload,
    name: &str,
    app: &Arc<App>,
    clients: &Arc<Clients>,
) -> Result<HttpResponse, Problem> {
    let (cluster, _) = app.cluster(name)?;
    let path = path::below_proxy(request.uri().path(), name)?;
    headers::check(request.headers())?;
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(not_allowed("CONNECT and TRACE are not passed on: the Kubernetes API uses neither."));
    }
    // Whoever shows nothing is at best a user: a page is told so, its preflight included, before anybody asks it to sign in.
    if !request.headers().contains_key(AUTHORIZATION) {
        check_user_may(request, path, cluster)?;
    }
    let caller = caller::user_or_on_behalf(request, app, clients).await?;
    if let UserOrOnBehalf::User(_) = caller {
        check_user_may(request, path, cluster)?;
    }
    let no_api = || {
        Problem::new(
            Code::NotFound,
            "This cluster has no KUBERNETES_API_URL: set it, or use its token elsewhere.",
        )
    };
    let (api, client) = cluster.kubernetes.as_ref().zip(clients.kubernetes.get(name)).ok_or_else(no_api)?;
    let place = place(request, path, app, caller.user(), name)?;
    let tokens = tokens::current(app, caller.user(), name).await?;
    let target = target(api, path, request.uri().query());
    forward(Forwarded { request, body, target: &target, token: &tokens.id_token, place }, client).await
}

/// The place of a watch or a followed log; what is to end by itself takes none unless it does not.
fn place(
    request: &HttpRequest,
    path: &str,
    app: &App,
    user: &UserRef,
    cluster: &str,
) -> Result<Place, Problem> {
    let gauge = app.metrics.kubernetes_streams.with_label_values(&[cluster]);
    let claim = app.streams.claim(user, gauge);
    let goes_on = streams::is_asked_for(path, request.uri().query());
    if *request.method() == Method::GET && goes_on {
        return claim.take().map(Place::Held);
    }
    Ok(Place::Claimed(claim))
}

/// What a user's own request may do here; a page's must not do anything.
fn check_user_may(request: &HttpRequest, path: &str, cluster: &Cluster) -> Result<(), Problem> {
    if headers::comes_from_a_page(request.headers()) {
        return Err(not_allowed(
            "The Kubernetes proxy is not for pages: use Backstage's Kubernetes tab, or kubectl.",
        ));
    }
    // A GET of what is behind a pod, a service or a node can do anything.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && !path::reaches_through(path);
    match cluster.user_tokens {
        UserTokens::Off => Err(not_allowed(
            "User tokens are off for this cluster: ask the operator to set USER_TOKENS, or use Backstage's Kubernetes tab.",
        )),
        UserTokens::Read if !reads => {
            Err(not_allowed("This cluster is read-only here: ask the operator for USER_TOKENS=full."))
        }
        UserTokens::Read | UserTokens::Full => Ok(()),
    }
}

/// The raw path and query behind the API's own address, byte for byte.
fn target(api: &KubernetesApi, path: &str, query: Option<&str>) -> String {
    let base = api.url.as_str().trim_end_matches('/');
    match query {
        Some(query) => format!("{base}{path}?{query}"),
        None => format!("{base}{path}"),
    }
}

fn not_allowed(message: &str) -> Problem {
    Problem::new(Code::NotAllowed, message)
}
