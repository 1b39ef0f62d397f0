//! The audit lines of the Kubernetes proxy: one for each request, and for what stays open one when it opens and one when it closes.
//! They say who did what, never with which query, command or body.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::lasting::{Ended, Ending};
use super::request_info::RequestInfo;
use crate::backend::inbound::caller::UserOrOnBehalf;
use crate::backend::inbound::request_id::RequestName;
use crate::backend::stopping::Stopping;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::backend::AuditedUses;
use crate::telemetry::AUDIT;

/// Names of Kubernetes have at most 253 characters; what a caller makes up may be longer.
const LONGEST: usize = 253;

/// What is audited.
#[derive(Clone)]
pub struct Audit {
    /// Of which uses a line is left.
    pub uses: AuditedUses,
    /// What closes when the process ends says so.
    pub stopping: Stopping,
    /// Those that still have to write their last line, each in its thread.
    pub unwritten: TaskTracker,
}

/// Why a stream was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The API server ended it.
    ByApi,
    /// The API server, or the way to it, broke it off.
    CutShort,
    /// Its caller ended it, or is gone.
    ByCaller,
    /// There was no place for it among the user's streams.
    NoPlace,
    /// The login that it was begun with has ended.
    LoggedOut,
    /// The process ended.
    Stopping,
}

impl Closed {
    /// The word in the log.
    fn as_str(self) -> &'static str {
        match self {
            Self::ByApi => "ended_by_api",
            Self::CutShort => "cut_short",
            Self::ByCaller => "caller_gone",
            Self::NoPlace => "no_place",
            Self::LoggedOut => "logged_out",
            Self::Stopping => "stopping",
        }
    }
}

impl From<Ended> for Closed {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::NoPlace => Self::NoPlace,
            Ended::CallerGone => Self::ByCaller,
            Ended::LoginEnded => Self::LoggedOut,
        }
    }
}

/// One request, while it is being answered.
pub struct Use<'r> {
    audit: &'r Audit,
    request: &'r HttpRequest,
    cluster: &'r str,
    what: OnceCell<RequestInfo>,
    who: OnceCell<Who>,
    /// Knows why it is ended here, where it is watched over before it is answered.
    ending: OnceCell<Ending>,
    /// Also for what is dropped outside the request.
    name: Option<Rc<RequestName>>,
    has_its_line: Cell<bool>,
    /// Given back with the last line.
    unwritten: TaskTrackerToken,
}

/// Who did it.
#[derive(Clone, Default)]
struct Who {
    user: Option<String>,
    plugin: Option<String>,
}

impl<'r> Use<'r> {
    /// Begins; `cluster` is the one that the request names.
    #[must_use]
    pub fn begin(audit: &'r Audit, request: &'r HttpRequest, cluster: &'r str) -> Self {
        let (what, who, ending) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let name = request.extensions().get::<Rc<RequestName>>().cloned();
        let (has_its_line, unwritten) = (Cell::new(false), audit.unwritten.token());
        Self { audit, request, cluster, what, who, ending, name, has_its_line, unwritten }
    }

    /// The path below the cluster, once it is known to be a plain one.
    pub fn at(&self, path: &str) {
        let read = RequestInfo::read(self.request.method().as_str(), path, self.request.uri().query());
        let _ = self.what.set(read);
    }

    /// The caller, once they are known.
    pub fn by(&self, caller: &UserOrOnBehalf) {
        let plugin = match caller {
            UserOrOnBehalf::User(_) => None,
            UserOrOnBehalf::OnBehalf(caller) => Some(caller.plugin.to_string()),
        };
        let _ = self.who.set(Who { user: Some(caller.user().to_string()), plugin });
    }

    /// It may be ended here before it is answered; `ending` knows when it is.
    pub fn watched(&self, ending: Ending) {
        let _ = self.ending.set(ending);
    }

    /// It stays open from now on, and has a line for its end instead of one more for its answer; `ending` knows when it is ended here.
    #[must_use]
    pub fn open(&self, status: StatusCode, ending: Ending) -> OpenUse {
        self.has_its_line.set(true);
        let line = self.line();
        let is_audited = self.is_audited(&line, Some(status));
        if is_audited {
            line.write("opened", Some(status), None, None);
        }
        OpenUse {
            line: is_audited.then_some(line),
            status,
            opened: Instant::now(),
            name: self.name.clone(),
            stopping: self.audit.stopping.clone(),
            ending,
            closed: Cell::new(None),
            _unwritten: self.unwritten.clone(),
        }
    }

    /// It was answered, or refused.
    pub fn ended(&self, outcome: Result<StatusCode, (&Problem, StatusCode)>) {
        let status = outcome.unwrap_or_else(|(_, status)| status);
        let line = self.line();
        if self.has_its_line.replace(true) || !self.is_audited(&line, Some(status)) {
            return;
        }
        match outcome {
            Ok(status) => line.write("answered", Some(status), None, None),
            Err((problem, status)) => {
                line.write(problem.code().as_str(), Some(status), Some(problem.message()), None);
            }
        }
    }

    fn is_audited(&self, line: &Line, status: Option<StatusCode>) -> bool {
        let is_refused = |status: StatusCode| !status.is_success() && !is_not_modified(status);
        match self.audit.uses {
            AuditedUses::All => true,
            AuditedUses::Changes => !line.what.only_reads() || status.is_some_and(is_refused),
            AuditedUses::None => false,
        }
    }

    /// Why it is dropped without an answer.
    fn unanswered_because(&self) -> &'static str {
        if std::thread::panicking() {
            return Code::InternalError.as_str();
        }
        let ended_here = self.ending.get().and_then(Ending::reason).map(Closed::from);
        let otherwise = if self.audit.stopping.has_begun() { Closed::Stopping } else { Closed::ByCaller };
        ended_here.unwrap_or(otherwise).as_str()
    }

    fn line(&self) -> Line {
        let method = || RequestInfo {
            verb: self.request.method().as_str().to_ascii_lowercase(),
            ..RequestInfo::default()
        };
        Line {
            who: self.who.get().cloned().unwrap_or_default(),
            cluster: self.cluster.to_owned(),
            what: self.what.get().cloned().unwrap_or_else(method),
        }
    }
}

/// A caller that hangs up has its request dropped, which the API server may have done by then.
impl Drop for Use<'_> {
    fn drop(&mut self) {
        let line = self.line();
        if self.has_its_line.get() || !self.is_audited(&line, None) {
            return;
        }
        let why = self.unanswered_because();
        in_request(self.name.as_deref(), || line.write("unanswered", None, Some(why), None));
    }
}

fn is_not_modified(status: StatusCode) -> bool {
    status == StatusCode::NOT_MODIFIED
}

/// A stream that is open; what becomes of it is logged when this is dropped.
pub struct OpenUse {
    line: Option<Line>,
    status: StatusCode,
    opened: Instant,
    name: Option<Rc<RequestName>>,
    stopping: Stopping,
    ending: Ending,
    closed: Cell<Option<Closed>>,
    _unwritten: TaskTrackerToken,
}

impl OpenUse {
    /// Which side is about to close it; the first reason counts. Without one, and if it was not ended here, its caller is gone.
    pub fn because(&self, closed: Closed) {
        self.closed.set(self.closed.get().or(Some(closed)));
    }
}

impl Drop for OpenUse {
    fn drop(&mut self) {
        let Some(line) = self.line.take() else { return };
        let otherwise = if self.stopping.has_begun() { Closed::Stopping } else { Closed::ByCaller };
        let ended_here = || self.ending.reason().map(Closed::from);
        let why = self.closed.get().or_else(ended_here).unwrap_or(otherwise).as_str();
        let seconds = self.opened.elapsed().as_secs();
        in_request(self.name.as_deref(), || {
            line.write("closed", Some(self.status), Some(why), Some(seconds));
        });
    }
}

/// In a span of the request's own, with its id.
fn in_request(name: Option<&RequestName>, write: impl FnOnce()) {
    match name {
        Some(name) => name.span().in_scope(write),
        None => write(),
    }
}

/// What all lines of one request say.
struct Line {
    who: Who,
    cluster: String,
    what: RequestInfo,
}

impl Line {
    fn write(&self, outcome: &str, status: Option<StatusCode>, reason: Option<&str>, seconds: Option<u64>) {
        let Self { who, cluster, what } = self;
        tracing::info!(
            target: AUDIT,
            user = who.user.as_deref(),
            plugin = who.plugin.as_deref(),
            cluster = said(cluster).as_deref(),
            verb = said(&what.verb).as_deref(),
            group = said(&what.group).as_deref(),
            version = said(&what.version).as_deref(),
            namespace = said(&what.namespace).as_deref(),
            resource = said(&what.resource).as_deref(),
            subresource = said(&what.subresource).as_deref(),
            name = said(&what.name).as_deref(),
            status = status.map(|status| status.as_u16()),
            outcome,
            reason,
            seconds,
            "kubernetes"
        );
    }
}

/// None for what is empty, and no more than a name has.
fn said(text: &str) -> Option<Cow<'_, str>> {
    let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    match end.and_then(|end| text.get(..end)) {
        Some(beginning) => Some(format!("{beginning}…").into()),
        None => (!text.is_empty()).then_some(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_what_is_endless_cut() {
        assert_eq!(said(""), None);
        assert_eq!(said("web").as_deref(), Some("web"));
        let endless = "ä".repeat(300);
        assert_eq!(said(&endless).unwrap().chars().count(), LONGEST + 1);
        let longest = "ä".repeat(LONGEST);
        assert_eq!(said(&longest).as_deref(), Some(longest.as_str()));
    }
}
