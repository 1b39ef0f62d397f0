//! `POST /tokens`: tokens that a client brings become a login. A helper that has redeemed the code of its session itself brings them
//! with the session token; a user brings what kubelogin has cached.
//!
//! For a session the steps are those of the exchange, with the hash of the ID token in the place of the code's: sent again, it gets the
//! stored outcome.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use super::accept::{Begun, Made};
use super::brought::{NotKept, Taken};
use super::exchange::{Exchange, Failure, interrupted};
use super::register::Registration;
use super::{Phase, Stored};
use crate::backend::inbound::caller::{Caller, bearer};
use crate::backend::inbound::json_body;
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::identity_rule::CatalogSaid;
use crate::backend::stopping::detached::Detached;
use crate::backstage_names::UserRef;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::problem::Problem;
use crate::protocol::{Code, Connected, ExchangeResponse, TokensRequest, WireSecret};
use crate::random::sha256;
use crate::telemetry::AUDIT;

/// Takes tokens.
///
/// # Errors
/// Those of the error table for a session, for a user and for a login.
#[utoipa::path(
    post, path = "/tokens", request_body = TokensRequest,
    responses((status = 200, body = ExchangeResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("session" = []), ("user" = []))
)]
pub async fn bring_tokens(
    request: HttpRequest,
    payload: web::Payload,
    exchange: web::Data<Exchange>,
    registration: web::Data<Registration>,
    detached: web::Data<Detached>,
) -> Result<web::Json<ExchangeResponse>, Problem> {
    // A session token has no dot, and every Backstage token has two.
    let answer = if let Some(token) = bearer(&request).filter(WireSecret::is_well_formed) {
        let brought = json_body::json_or_empty(&request, payload).await?;
        let stored = exchange.sessions.load(&token).await?;
        detached.begin(async move || exchange.take_for_session(stored, brought).await).await
    } else {
        let import = registration.import(&request, payload).await?;
        detached.begin(async move || exchange.take_import(import).await).await
    };
    answer.unwrap_or_else(|_| Err(interrupted())).map(web::Json)
}

/// What a user brings.
struct Import {
    user: UserRef,
    said: CatalogSaid,
    cluster: Arc<KnownCluster>,
    tokens: Tokens,
}

impl Registration {
    /// Who brings what; it counts like the beginning of a login.
    async fn import(&self, request: &HttpRequest, payload: web::Payload) -> Result<Import, Problem> {
        let caller = self.callers.user(request).await;
        let caller = caller.map_err(|problem| self.refuse_stranger(request, problem))?;
        let import = self.import_of(&caller, request, payload).await;
        import.map_err(|problem| self.audited(Some(&caller.user), problem))
    }

    async fn import_of(
        &self,
        caller: &Caller,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<Import, Problem> {
        self.limits.count_user(&caller.user, request)?;
        let brought: TokensRequest = json_body::json_or_empty(request, payload).await?;
        let cluster = Arc::clone(self.clusters.get_or_only(brought.cluster.as_deref())?);
        let said = self.catalog.said_of(caller, &cluster.settings.identity).await?;
        Ok(Import { user: caller.user.clone(), said, cluster, tokens: tokens(&brought) })
    }
}

impl Exchange {
    /// Takes what the helper of a session has redeemed its code for.
    async fn take_for_session(
        &self,
        stored: Stored,
        brought: TokensRequest,
    ) -> Result<ExchangeResponse, Problem> {
        if brought.cluster.as_ref().is_some_and(|cluster| *cluster != stored.record.cluster) {
            return Err(Problem::new(
                Code::BadRequest,
                "This session is for another cluster: leave cluster out, or begin a session for that one.",
            ));
        }
        let hash = sha256(brought.id_token.expose().as_bytes());
        let Phase::Pending(authorization) = &stored.record.phase else {
            return self.outcome(stored, &hash).await;
        };
        if authorization.verifier.is_some() {
            return Err(Problem::new(
                Code::NotAllowed,
                "This backend redeems the code of this session: send it to POST /exchange, or begin with PUT /session.",
            ));
        }
        let authorization = authorization.clone();
        self.once(stored, hash, authorization, async |record, authorization| {
            let cluster = self.clusters.get(&record.cluster)?;
            let begun = self.begun(record, &authorization.nonce)?;
            let taken = self.take(cluster, begun, tokens(&brought)).await;
            taken.map(|taken| taken.login).map_err(|not_kept| match not_kept {
                NotKept::NotNow(problem) => Failure::NotSent(problem),
                NotKept::Refused(problem) => Failure::Final(problem),
            })
        })
        .await
    }

    /// Takes what a user has from another program.
    async fn take_import(&self, import: Import) -> Result<ExchangeResponse, Problem> {
        let Import { user, said, cluster, tokens } = import;
        self.stopping.time_for(self.spending)?;
        let begun = Begun { user: user.clone(), said, made: Made::Elsewhere, keep_trying: self.lease };
        let taken = self.take(&cluster, begun, tokens).await.map_err(NotKept::problem);
        let outcome = taken.as_ref().map_or_else(|problem| problem.code().as_str(), |_| "complete");
        self.metrics.logins.with_label_values(&[outcome]).inc();
        tracing::info!(target: AUDIT, %user, cluster = cluster.name(), outcome, imported = true, "login");
        taken.map(|Taken { login, refresh_token }| {
            let told = login.told(user.to_string(), cluster.name().to_owned(), None);
            ExchangeResponse::Connected(Connected { brought_refresh_token: refresh_token, ..told })
        })
    }

    async fn take(&self, cluster: &KnownCluster, begun: Begun<'_>, tokens: Tokens) -> Result<Taken, NotKept> {
        let metadata = self.ready(&cluster.provider).await.map_err(NotKept::NotNow)?;
        self.acceptance.take(cluster, &metadata, begun, tokens).await
    }
}

fn tokens(brought: &TokensRequest) -> Tokens {
    let TokensRequest { id_token, access_token, refresh_token, .. } = brought;
    Tokens::brought(id_token.clone(), access_token.as_ref(), refresh_token.as_ref())
}
