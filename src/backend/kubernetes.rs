//! `/clusters/{name}/proxy/…`: the Kubernetes API as the user, streamed both ways.

use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use awc::error::SendRequestError;

use super::app::{App, Clients};
use super::caller::{self, UserOrOnBehalf};
use super::kubernetes_status::as_status;
use super::tokens;
use super::{kubernetes_headers, kubernetes_path};
use crate::outbound::{OutboundError, trail};
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
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
    let path = kubernetes_path::below_proxy(request.uri().path(), name)?;
    kubernetes_headers::check(request.headers())?;
    // Whoever shows nothing is at best a user: a page is told so, its preflight included, before anybody asks it to sign in.
    if !request.headers().contains_key(AUTHORIZATION) {
        check_user_may(request, cluster)?;
    }
    let caller = caller::user_or_on_behalf(request, app, clients).await?;
    if let UserOrOnBehalf::User(_) = caller {
        check_user_may(request, cluster)?;
    }
    let no_api = || {
        Problem::new(
            Code::NotFound,
            "This cluster has no KUBERNETES_API_URL: set it, or use its token elsewhere.",
        )
    };
    let (api, client) = cluster.kubernetes.as_ref().zip(clients.kubernetes.get(name)).ok_or_else(no_api)?;
    let tokens = tokens::current(app, caller.user(), name).await?;
    let target = target(api, path, request.uri().query());
    forward(request, body, &target, client, &tokens.id_token).await
}

/// What a user's own request may do here; a page's must not do anything.
fn check_user_may(request: &HttpRequest, cluster: &Cluster) -> Result<(), Problem> {
    if kubernetes_headers::comes_from_a_page(request.headers()) {
        return Err(not_allowed(
            "The Kubernetes proxy is not for pages: use Backstage's Kubernetes tab, or kubectl.",
        ));
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
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

async fn forward(
    request: &HttpRequest,
    body: web::Payload,
    target: &str,
    client: &awc::Client,
    token: &WireSecret,
) -> Result<HttpResponse, Problem> {
    let mut sending = trail::marked(client.request(request.method().clone(), target))
        .no_decompress()
        .bearer_auth(token.expose());
    for (name, value) in kubernetes_headers::to_pass_on(request.headers()) {
        sending = sending.append_header((name, value));
    }
    let answer = match body_length(request.headers()) {
        BodyLength::None => sending.send(),
        BodyLength::Known(length) => sending.send_body(SizedStream::new(length, body)),
        BodyLength::Unknown => sending.send_stream(body),
    };
    let answer = answer.await.map_err(unanswered)?;
    let mut response = HttpResponse::build(answer.status());
    for (name, value) in kubernetes_headers::to_answer(answer.headers()) {
        response.append_header((name, value));
    }
    let length =
        answer.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let bodiless = request.method() == Method::HEAD
        || matches!(answer.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match length {
        _ if bodiless => Ok(response.finish()),
        Some(length) => Ok(response.no_chunking(length).streaming(answer)),
        None => Ok(response.streaming(answer)),
    }
}

/// How a request says where its body ends (RFC 9112, 6.3); both ways at once have been refused.
enum BodyLength {
    None,
    Known(u64),
    Unknown,
}

fn body_length(headers: &HeaderMap) -> BodyLength {
    let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    match length {
        Some(0) => BodyLength::None,
        Some(length) => BodyLength::Known(length),
        None if headers.contains_key(TRANSFER_ENCODING) => BodyLength::Unknown,
        None => BodyLength::None,
    }
}

fn unanswered(error: SendRequestError) -> Problem {
    let error = OutboundError::from(error);
    tracing::warn!(%error, "Kubernetes did not answer");
    match error {
        OutboundError::TimedOut => {
            Problem::new(Code::Timeout, "The cluster took too long to answer: try again.")
        }
        _ => Problem::new(
            Code::ClusterUnreachable,
            "The cluster cannot be reached: try again, or tell the operator (KUBERNETES_API_URL, KUBERNETES_CA_FILE).",
        ),
    }
}

fn not_allowed(message: &str) -> Problem {
    Problem::new(Code::NotAllowed, message)
}
