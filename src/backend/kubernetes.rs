//! `/clusters/{name}/proxy/…`: the Kubernetes API as the user, streamed both ways.

pub mod audit;
pub mod forward;
pub mod headers;
pub mod lasting;
pub mod open_files;
pub mod path;
pub mod request_info;
pub mod streams;
pub mod tunnel;
pub mod upgrade;
pub mod used_logins;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use self::audit::{Audit, Use};
use self::forward::{Forwarded, forward};
use self::headers::Caching;
use self::lasting::{Begun, Place};
use self::streams::Streams;
use self::upgrade::Upgrade;
use self::used_logins::{UsedLogin, UsedLogins};
use super::inbound::caller::{Callers, UserOrOnBehalf};
use super::inbound::kubernetes_status::{as_status, warn};
use super::logins::LoginKey;
use super::logins::from_kubelogin::Asker;
use super::oidc::clusters::{self, KnownCluster};
use super::tokens::Tokens;
use crate::backstage_names::UserRef;
use crate::outbound::streaming::StreamingClient;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::cluster::{Cluster, KubernetesApi, UserTokens};
use crate::telemetry::backend_metrics::BackendMetrics;

/// Passes a request on with the caller's token for this cluster. Own errors are Kubernetes `v1 Status` objects, so that kubectl prints them.
pub async fn proxy(
    request: HttpRequest,
    body: web::Payload,
    name: web::Path<(String, String)>,
    proxy: web::Data<KubernetesProxy>,
) -> HttpResponse {
    let (name, _) = name.into_inner();
    let used = Use::begin(&proxy.audit, &request, &name);
    let (label, answer) = match proxy.clusters.get(&name) {
        Some(cluster) => (name.as_str(), proxy.pass_on(&request, body, (cluster, &used)).await),
        // Only a configured name becomes a label: a caller may write anything into the path.
        None => ("unknown", Err(clusters::unknown(&name, proxy.clusters.keys()))),
    };
    let answer = match answer {
        Ok(answer) => {
            used.ended(Ok(answer.status()));
            answer
        }
        Err(problem) => {
            let mut answer = as_status(&problem);
            if path::below_proxy(request.uri().path(), &name).is_ok_and(path::is_a_document) {
                warn(&mut answer, &problem);
            }
            used.ended(Err((&problem, answer.status())));
            answer
        }
    };
    proxy.metrics.kubernetes_requests.with_label_values(&[label, answer.status().as_str()]).inc();
    answer
}

/// A cluster as one worker reaches it: connections live on the runtime that opened them.
pub struct ReachedCluster {
    /// The cluster.
    pub cluster: Arc<KnownCluster>,
    /// The client of its API, where it has one.
    pub api: Option<StreamingClient>,
}

/// The proxy of one worker.
pub struct KubernetesProxy {
    /// Who calls.
    pub callers: Arc<Callers>,
    /// The clusters, by name.
    pub clusters: BTreeMap<String, ReachedCluster>,
    /// Gives the callers' tokens.
    pub tokens: Arc<Tokens>,
    /// The watches, followed logs and upgrades that are open.
    pub streams: Arc<Streams>,
    /// The logins that they were begun with.
    pub used_logins: Arc<UsedLogins>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// What each use leaves a line of.
    pub audit: Audit,
}

impl KubernetesProxy {
    async fn pass_on(
        &self,
        request: &HttpRequest,
        body: web::Payload,
        (reached, used): (&ReachedCluster, &Use<'_>),
    ) -> Result<HttpResponse, Problem> {
        let cluster = &reached.cluster;
        let path = path::below_proxy(request.uri().path(), cluster.name())?;
        used.at(path);
        headers::check(request.headers())?;
        let upgrade = Upgrade::asked_by(request)?;
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(not_allowed("CONNECT and TRACE are not passed on: the Kubernetes API uses neither."));
        }
        // A request without a credential is at best a user's: a page is told so, its preflight included, before it is asked to
        // sign in.
        if !request.headers().contains_key(AUTHORIZATION) {
            check_user_may(request, path, upgrade.as_ref(), &cluster.settings)?;
        }
        let caller = self.callers.user_or_on_behalf(request).await?;
        used.by(&caller);
        if let UserOrOnBehalf::User(_) = caller {
            check_user_may(request, path, upgrade.as_ref(), &cluster.settings)?;
        }
        let (api, client) =
            cluster.settings.kubernetes.as_ref().zip(reached.api.as_ref()).ok_or_else(no_api)?;
        let place = self.place(request, path, upgrade.as_ref(), (caller.user(), cluster.name()))?;
        let serving = self.tokens.current(Asker::from(&caller), cluster).await?;
        let token = serving.tokens().for_cluster(&cluster.settings.token)?.token;
        let of_caller =
            |id: &str| UsedLogin { key: LoginKey::new(caller.user(), cluster.name()), id: id.to_owned() };
        let login = serving.login().map(of_caller);
        let begun = Begun { place, login, logins: Arc::clone(&self.used_logins) };
        let target = target(api, path, request.uri().query());
        let caching = if path::is_a_document(path) { Caching::AsTheApiSays } else { Caching::Never };
        let answer = forward(
            Forwarded { request, body, upgrade, target: &target, token, begun, caching, used },
            client,
        )
        .await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            cluster.warn_of_refused_token();
        }
        Ok(answer)
    }

    /// The place of a watch, a followed log or an upgrade; what is to end by itself takes none unless it does not.
    fn place(
        &self,
        request: &HttpRequest,
        path: &str,
        upgrade: Option<&Upgrade>,
        (user, cluster): (&UserRef, &str),
    ) -> Result<Place, Problem> {
        let gauge = self.metrics.kubernetes_streams.with_label_values(&[cluster]);
        let claim = self.streams.claim(user, gauge);
        let goes_on = *request.method() == Method::GET && streams::is_asked_for(path, request.uri().query());
        if upgrade.is_some() || goes_on {
            return claim.take().map(Place::Held);
        }
        Ok(Place::Claimed(claim))
    }
}

fn no_api() -> Problem {
    Problem::new(
        Code::NotFound,
        "This cluster has no KUBERNETES_API_URL: set it, or use its token elsewhere.",
    )
}

/// What a user's own request may do here; a page's must not do anything.
fn check_user_may(
    request: &HttpRequest,
    path: &str,
    upgrade: Option<&Upgrade>,
    cluster: &Cluster,
) -> Result<(), Problem> {
    if headers::comes_from_a_page(request.headers()) {
        return Err(not_allowed(
            "The Kubernetes proxy is not for pages: use Backstage's Kubernetes tab, or kubectl.",
        ));
    }
    // A GET of what is behind a pod, a service or a node can do anything, and so can an upgrade.
    let reads = upgrade.is_none()
        && match *request.method() {
            Method::GET | Method::HEAD => !path::reaches_through(path),
            Method::POST => path::is_self_review(path),
            _ => false,
        };
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
