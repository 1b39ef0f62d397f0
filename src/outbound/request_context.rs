//! The request that we act for, named in every request that we send for it.

use hyper::header::{HeaderName, HeaderValue};

/// Our own name for a request, the same in the logs of all who take part.
pub const REQUEST_ID: &str = "x-request-id";
/// W3C Trace Context, 3.2: accepted and passed on as it is.
pub const TRACEPARENT: &str = "traceparent";

/// What names a request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// `x-request-id`
    pub request_id: HeaderValue,
    /// `traceparent`, where the caller sent one.
    pub traceparent: Option<HeaderValue>,
}

tokio::task_local! {
    static CURRENT: RequestContext;
}

impl RequestContext {
    /// What a request is named by. A value that can be in no header is left out.
    #[must_use]
    pub fn new(request_id: &[u8], traceparent: Option<&[u8]>) -> Self {
        let value = |bytes| HeaderValue::from_bytes(bytes).ok();
        let request_id = value(request_id).unwrap_or(HeaderValue::from_static("none"));
        Self { request_id, traceparent: traceparent.and_then(value) }
    }

    /// The trail of the task that asks, where it has one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Work for another task, whose requests carry that trail of the one that asked for it, where that had one.
    pub async fn carried_on<T>(trail: Option<Self>, work: impl Future<Output = T>) -> T {
        match trail {
            Some(trail) => trail.scope(work).await,
            None => work.await,
        }
    }

    /// Runs work whose requests carry this trail.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }
}

/// The current trail's headers.
pub fn headers() -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let trail = RequestContext::current().into_iter();
    trail.flat_map(|trail| {
        let named = |name, value| (HeaderName::from_static(name), value);
        let traceparent = trail.traceparent.map(|traceparent| named(TRACEPARENT, traceparent));
        std::iter::once(named(REQUEST_ID, trail.request_id)).chain(traceparent)
    })
}
