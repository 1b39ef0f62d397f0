//! Sends the requests of the `oauth2` crate with our client.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod token_answer;
pub mod token_response;

use std::future::Future;
use std::pin::Pin;

use oauth2::http::Response;
use oauth2::http::header::RETRY_AFTER;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

use super::OutboundError;
use super::http_client::HttpClient;
use super::retry_after::RetryAfter;

/// The client as `oauth2` expects it.
pub struct Bridge<'a>(pub &'a HttpClient);

impl<'c> AsyncHttpClient<'c> for Bridge<'_> {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl Bridge<'_> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        let (head, body) = request.into_parts();
        // `oauth2` only ever POSTs (RFC 6749, 3.2; RFC 7009, 2.1).
        let mut sending = self.0.post(&head.uri.to_string());
        for (name, value) in &head.headers {
            sending = sending.header(name, value);
        }
        let answer = sending.send_body(body).await?;
        let status = answer.status.as_u16();
        // 429 and 5xx come from a gateway or a failing server and are no OAuth answer, whatever their body.
        if status == 429 || status >= 500 {
            let asked = answer.headers.get(RETRY_AFTER);
            let retry_after = asked.and_then(|value| RetryAfter::parse(value.to_str().ok()?));
            return Err(OutboundError::NotNow { status, retry_after });
        }
        let mut response = Response::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
