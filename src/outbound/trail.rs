//! The request that we act for, named in every request that we send for it.

use awc::ClientRequest;
use awc::http::header::{HeaderName, HeaderValue};

/// Our own name for a request, the same in the logs of all who take part.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C Trace Context, 3.2: accepted and passed on as it is.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What names a request.
#[derive(Clone, Debug)]
pub struct Trail {
    /// `x-request-id`
    pub request_id: HeaderValue,
    /// `traceparent`, where the caller sent one.
    pub traceparent: Option<HeaderValue>,
}

tokio::task_local! {
    static TRAIL: Trail;
}

impl Trail {
    /// The trail of the task that asks, where it has one.
    #[must_use]
    pub fn current() -> Option<Self> {
        TRAIL.try_with(Clone::clone).ok()
    }

    /// Work for another task, whose requests carry the trail of the one that asked for it, where that had one.
    pub async fn carried_on<T>(trail: Option<Self>, work: impl Future<Output = T>) -> T {
        match trail {
            Some(trail) => trail.scope(work).await,
            None => work.await,
        }
    }

    /// Runs work whose requests carry this trail.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        TRAIL.scope(self, work).await
    }
}

/// The request with the current trail's headers.
#[must_use]
pub fn marked(request: ClientRequest) -> ClientRequest {
    let Some(trail) = Trail::current() else { return request };
    let request = request.insert_header((REQUEST_ID, trail.request_id));
    match trail.traceparent {
        Some(traceparent) => request.insert_header((TRACEPARENT, traceparent)),
        None => request,
    }
}
