//! The ids of the incoming request, sent with every outgoing request that is made for it.

use hyper::header::{HeaderName, HeaderValue};

/// The request id, the same in the logs of all services that take part.
pub const REQUEST_ID: &str = "x-request-id";
/// W3C Trace Context, 3.2: accepted and forwarded unchanged.
pub const TRACEPARENT: &str = "traceparent";

/// The ids of a request.
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
    /// From these values; one that no header can hold is left out.
    #[must_use]
    pub fn new(request_id: &[u8], traceparent: Option<&[u8]>) -> Self {
        let value = |bytes| HeaderValue::from_bytes(bytes).ok();
        let request_id = value(request_id).unwrap_or(HeaderValue::from_static("none"));
        Self { request_id, traceparent: traceparent.and_then(value) }
    }

    /// The context of the current task, if it has one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Runs work in another task with the context of the task that spawned it, if it had one.
    pub async fn carried_on<T>(context: Option<Self>, work: impl Future<Output = T>) -> T {
        match context {
            Some(context) => context.scope(work).await,
            None => work.await,
        }
    }

    /// Runs work with this context.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }
}

/// The headers of the current context.
pub fn headers() -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let context = RequestContext::current().into_iter();
    context.flat_map(|context| {
        let named = |name, value| (HeaderName::from_static(name), value);
        let traceparent = context.traceparent.map(|traceparent| named(TRACEPARENT, traceparent));
        std::iter::once(named(REQUEST_ID, context.request_id)).chain(traceparent)
    })
}
