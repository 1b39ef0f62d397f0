//! One request to a Kubernetes API, and its answer: bodies are streamed both ways, and what one side breaks off never looks
//! whole to the other.

use std::time::Duration;

use actix_web::body::{self, BodyStream, SizedStream};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use futures_util::{Stream, StreamExt, future, stream};
use hyper::header as outward;
use tokio_util::task::AbortOnDropHandle;

use super::audit::{Closed, OpenUse, Use};
use super::headers::{Caching, to_answer, to_pass_on};
use super::lasting::{Begun, Caller, Ended, Place, Watch};
use super::tunnel;
use super::upgrade::Upgrade;
use crate::outbound::streaming::{
    Answer, AnswerBody, BodySender, CutShort, Expected, RequestBody, StreamingClient, body_channel,
};
use crate::outbound::{OutboundError, request_context};
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};

/// Until the head of an answer; its body may take as long as it likes. Kubernetes itself gives up after 60 s.
const HEAD_WITHIN: Duration = Duration::from_secs(65);

/// A request that may be passed on.
pub struct Forwarded<'r> {
    /// As it came.
    pub request: &'r HttpRequest,
    /// Its body.
    pub body: web::Payload,
    /// The protocol that it asks for.
    pub upgrade: Option<Upgrade>,
    /// Where it goes.
    pub target: &'r str,
    /// The user's token for there.
    pub token: &'r WireSecret,
    /// What its answer is begun with. The place of a stream is held until the answer ends; another answer takes it when it stays
    /// open.
    pub begun: Begun,
    /// Whether the caller may keep the answer.
    pub caching: Caching,
    /// What the audit log says of it.
    pub used: &'r Use<'r>,
}

/// Passes it on and answers as the API does.
///
/// # Errors
/// `cluster_unreachable`, also for an answer that was not asked for; `timeout`.
pub async fn forward(forwarded: Forwarded<'_>, client: &StreamingClient) -> Result<HttpResponse, Problem> {
    let (method, caching, head) = (forwarded.request.method().clone(), forwarded.caching, head(&forwarded)?);
    let Forwarded { request, body: payload, upgrade, begun, used, .. } = forwarded;
    let body = if upgrade.is_some() { RequestBody::empty() } else { body(request.headers(), payload) };
    let sent = head.body(body).map_err(|_| unsendable())?;
    let is_stream = matches!(begun.place, Place::Held(_));
    let (answer, watch) = match &begun.place {
        Place::Held(_) => {
            let expected = if upgrade.is_some() { Expected::Switch(HEAD_WITHIN) } else { Expected::Stream };
            let caller = if upgrade.is_some() { Caller::Upgrades(request) } else { Caller::Silent(request) };
            let mut watch = Watch::begin(&caller, begun);
            used.watched(watch.ending());
            let answer = tokio::select! {
                answer = client.send(sent, expected) => answer,
                _ = watch.ended() => return Err(unreachable()),
            };
            (answer, watch)
        }
        Place::Claimed(_) => {
            let answer = client.send(sent, Expected::Within(HEAD_WITHIN)).await;
            let sends = method != Method::GET;
            let caller = if sends { Caller::Sends(request) } else { Caller::Silent(request) };
            (answer, Watch::begin(&caller, begun))
        }
    };
    let answer = answer.map_err(|error| unanswered(&error))?;
    if answer.status == hyper::StatusCode::SWITCHING_PROTOCOLS {
        return switched(upgrade, answer, (watch, used));
    }
    let open = (is_stream && answer.status.is_success()).then(|| opened(used, &answer, &watch));
    answered(&method, caching, answer, (watch, open))
}

/// A watch or a followed log that has begun.
fn opened(used: &Use<'_>, answer: &Answer, watch: &Watch) -> OpenUse {
    used.open(StatusCode::from_u16(answer.status.as_u16()).unwrap_or(StatusCode::OK), watch.ending())
}

/// The switch to another protocol, where that one was asked for.
fn switched(
    upgrade: Option<Upgrade>,
    answer: Answer,
    (watch, used): (Watch, &Use<'_>),
) -> Result<HttpResponse, Problem> {
    let Some(upgrade) = upgrade else {
        tracing::warn!("the API server switched protocols, which no request asked for");
        return Err(unreachable());
    };
    if let Err(misfit) = upgrade.check(&answer.headers) {
        tracing::warn!(reason = %misfit, "the API server's switch of protocols was refused");
        return Err(unreachable());
    }
    let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
    for header in to_answer(&answer.headers, Caching::Never) {
        response.append_header(header);
    }
    response.upgrade(upgrade.token());
    let connection = upgrade.into_connection();
    let open = used.open(StatusCode::SWITCHING_PROTOCOLS, watch.ending());
    let tunnelled = async move {
        // The head of this answer has been written by now: its body is asked for.
        let caller = connection.take();
        let task = actix_web::rt::spawn(tunnel::through(caller, answer.switched, (watch, open)));
        let _ = AbortOnDropHandle::new(task).await;
        None::<Result<web::Bytes, CutShort>>
    };
    let mut response = response.body(BodyStream::new(stream::once(tunnelled).filter_map(future::ready)));
    response.head_mut().no_chunking(true);
    Ok(response)
}

fn head(forwarded: &Forwarded<'_>) -> Result<hyper::http::request::Builder, Problem> {
    let mut bearer = outward::HeaderValue::try_from(format!("Bearer {}", forwarded.token.expose()))
        .map_err(|_| unsendable())?;
    bearer.set_sensitive(true);
    let mut request =
        hyper::Request::builder().method(forwarded.request.method().as_str()).uri(forwarded.target);
    let headers = request.headers_mut().ok_or_else(unsendable)?;
    *headers = to_pass_on(forwarded.request.headers());
    headers.extend(request_context::headers());
    headers.insert(outward::AUTHORIZATION, bearer);
    if let Some(upgrade) = &forwarded.upgrade {
        upgrade.write(headers).map_err(|_| unsendable())?;
    }
    Ok(request)
}

/// The body on its way to the API, read by a task of this worker until either side has had enough. Both lengths at once have
/// been refused (RFC 9112, 6.3).
fn body(headers: &HeaderMap, payload: web::Payload) -> RequestBody {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length == Some(0) || (length.is_none() && !headers.contains_key(TRANSFER_ENCODING)) {
        return RequestBody::empty();
    }
    let (sender, body) = body_channel(length);
    actix_web::rt::spawn(hand_over(payload, sender));
    body
}

/// Ends the body only where the caller ended it: without that it is broken off.
async fn hand_over(mut payload: web::Payload, sender: BodySender) {
    loop {
        let part = tokio::select! {
            part = payload.next() => part,
            () = sender.not_wanted() => return,
        };
        match part {
            Some(Ok(data)) => {
                if sender.send(data).await.is_err() {
                    return;
                }
            }
            Some(Err(_)) => return,
            None => return sender.end().await,
        }
    }
}

fn answered(
    method: &Method,
    caching: Caching,
    answer: Answer,
    watched: (Watch, Option<OpenUse>),
) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(answer.status.as_u16()).map_err(|_| unreachable())?;
    let mut response = HttpResponse::build(status);
    for header in to_answer(&answer.headers, caching) {
        response.append_header(header);
    }
    let length = answer.headers.get(outward::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(without_body(response));
    }
    if *method == Method::HEAD {
        // As long as the body would be, which does not come.
        let nothing = |length| SizedStream::new(length, stream::empty::<Result<web::Bytes, CutShort>>());
        return Ok(match length {
            Some(length) => response.body(nothing(length)),
            None => without_body(response),
        });
    }
    let body = noticed(answer.body, watched);
    Ok(match length {
        Some(length) => response.body(SizedStream::new(length, body)),
        None => response.body(BodyStream::new(body)),
    })
}

fn without_body(mut response: HttpResponseBuilder) -> HttpResponse {
    match response.message_body(body::None::new()) {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => HttpResponse::from_error(error),
    }
}

/// Why an answer ends before its end.
#[derive(Debug, thiserror::Error)]
enum Cut {
    /// The API server, or the way to it, broke it off.
    #[error(transparent)]
    There(#[from] CutShort),
    /// It must not stay open.
    #[error(transparent)]
    Here(#[from] Ended),
}

/// The body, which is watched over; a line in the log where it is cut short.
fn noticed(
    body: AnswerBody,
    (watch, open): (Watch, Option<OpenUse>),
) -> impl Stream<Item = Result<web::Bytes, Cut>> + use<> {
    stream::unfold((body, watch, open), async |(mut body, mut watch, open)| {
        let part = tokio::select! {
            biased;
            // First: of a body that always has something, it would never be heard.
            ended = watch.ended() => Some(Err(Cut::Here(ended))),
            part = body.next() => part.map(|part| part.map_err(Cut::There)),
        };
        if let Some(open) = &open {
            say_why(open, part.as_ref());
        }
        let part = part?;
        if let Err(Cut::There(cut)) = &part {
            tracing::warn!(reason = cut.reason(), "the API server's answer was cut short");
            // actix drops what it has not sent when the body fails: it sends first when there is nothing to read.
            tokio::task::yield_now().await;
        }
        Some((part, (body, watch, open)))
    })
}

/// What ends a stream, where the API does.
fn say_why(open: &OpenUse, part: Option<&Result<web::Bytes, Cut>>) {
    open.because(match part {
        Some(Ok(_) | Err(Cut::Here(_))) => return,
        None => Closed::ByApi,
        Some(Err(Cut::There(_))) => Closed::CutShort,
    });
}

/// Only for what actix takes for a request and hyper does not.
fn unsendable() -> Problem {
    Problem::new(Code::BadRequest, "This request cannot be passed on: write it as Kubernetes documents it.")
}

fn unanswered(error: &OutboundError) -> Problem {
    tracing::warn!(%error, "Kubernetes did not answer");
    match error {
        OutboundError::TimedOut => {
            Problem::new(Code::Timeout, "The cluster took too long to answer: try again.")
        }
        _ => unreachable(),
    }
}

fn unreachable() -> Problem {
    Problem::new(
        Code::ClusterUnreachable,
        "The cluster cannot be reached: try again, or tell the operator (KUBERNETES_API_URL, KUBERNETES_CA_FILE).",
    )
}
