//! Watches, followed logs and upgrades stay open for hours: how many a user, and this process, may have open at once. Whatever else
//! stays open is one of them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use percent_encoding::percent_decode_str;
use prometheus::IntGauge;
use url::form_urlencoded;

use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::Code;

/// Whether a GET asks for an answer that goes on until one side ends it.
#[must_use]
pub fn is_asked_for(path: &str, query: Option<&str>) -> bool {
    let says_yes = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        matches!(name.as_ref(), "watch" | "follow") && !is_no(&value)
    };
    // `/api/v1/watch/…`: the older spelling, which API servers still know.
    path.split('/').any(|segment| percent_decode_str(segment).eq(*b"watch"))
        || form_urlencoded::parse(query.unwrap_or_default().as_bytes()).any(says_yes)
}

/// Kubernetes takes every other value for yes, an empty one included (apimachinery, `Convert_Slice_string_To_bool`).
fn is_no(value: &str) -> bool {
    value == "0" || value.eq_ignore_ascii_case("false")
}

/// The streams that are open in this process.
pub struct Streams {
    per_user: NonZeroU32,
    at_once: u32,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    by_user: HashMap<UserRef, u32>,
    all: u32,
}

impl Streams {
    /// None yet; so many a user, and so many in all.
    #[must_use]
    pub fn new(per_user: NonZeroU32, at_once: u32) -> Arc<Self> {
        Arc::new(Self { per_user, at_once, open: Mutex::default() })
    }

    /// What a stream of this user's takes its place with; it counts in `gauge` then.
    #[must_use]
    pub fn claim(self: &Arc<Self>, user: &UserRef, gauge: IntGauge) -> Claim {
        Claim { streams: Arc::clone(self), user: user.clone(), gauge }
    }

    /// Each change is one step, so what a panic left behind is whole.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream without its place.
pub struct Claim {
    streams: Arc<Streams>,
    user: UserRef,
    gauge: IntGauge,
}

impl Claim {
    /// Takes the place, which counts until it is dropped.
    ///
    /// # Errors
    /// `rate_limited`, without a time to wait: only the end of another stream makes room.
    pub fn take(self) -> Result<OpenStream, Problem> {
        let mut open = self.streams.lock();
        let of_user = open.by_user.get(&self.user).copied().unwrap_or_default();
        if of_user >= self.streams.per_user.get() {
            return Err(too_many(&format!(
                "You have {of_user} watches, followed logs and upgrades (exec, port-forward) open here, the most that one user may \
                 have (STREAMS_PER_USER): close some, then try again."
            )));
        }
        if open.all >= self.streams.at_once {
            return Err(too_many(
                "As many watches, followed logs and upgrades are open here as this backend can keep: try again later, or ask \
                 the operator for another replica.",
            ));
        }
        open.by_user.insert(self.user.clone(), of_user.saturating_add(1));
        open.all = open.all.saturating_add(1);
        drop(open);
        self.gauge.inc();
        Ok(OpenStream(self))
    }
}

fn too_many(message: &str) -> Problem {
    Problem::new(Code::RateLimited, message)
}

/// A stream's place.
pub struct OpenStream(Claim);

impl Drop for OpenStream {
    fn drop(&mut self) {
        let Claim { streams, user, gauge } = &self.0;
        let mut open = streams.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(of_user) = open.by_user.get_mut(user) {
            *of_user = of_user.saturating_sub(1);
            if *of_user == 0 {
                open.by_user.remove(user);
            }
        }
        gauge.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_told_from_what_ends() {
        for (path, query) in [
            ("/api/v1/pods", "watch=true"),
            ("/api/v1/pods", "limit=5&watch=1&resourceVersion=7"),
            ("/api/v1/pods", "watch"),
            ("/api/v1/pods", "watch="),
            ("/api/v1/pods", "w%61tch=t"),
            ("/api/v1/namespaces/a/pods/b/log", "follow=true"),
            ("/api/v1/watch/pods", ""),
            ("/apis/apps/v1/w%61tch/namespaces/a/deployments", ""),
        ] {
            assert!(is_asked_for(path, Some(query)), "{path}?{query}");
        }
        for (path, query) in [
            ("/api/v1/pods", ""),
            ("/api/v1/pods", "watch=false"),
            ("/api/v1/pods", "watch=0&follow=FALSE"),
            ("/api/v1/pods", "fieldSelector=watch%3Dtrue"),
            ("/api/v1/namespaces/watched/pods", "allowWatchBookmarks=true"),
        ] {
            assert!(!is_asked_for(path, Some(query)), "{path}?{query}");
        }
        assert!(!is_asked_for("/api", None));
    }

    #[test]
    fn places_are_counted_by_user_and_in_all_and_given_back() {
        let (felix, mara): (UserRef, UserRef) =
            ("user:default/felix".parse().unwrap(), "user:default/mara".parse().unwrap());
        let gauge = IntGauge::new("open", "open").unwrap();
        let streams = Streams::new(NonZeroU32::MIN.saturating_add(1), 3);
        let open = |user| streams.claim(user, gauge.clone()).take();
        let first = open(&felix).ok().unwrap();
        let _second = open(&felix).ok().unwrap();
        let problem = open(&felix).err().unwrap();
        assert_eq!((problem.code(), problem.retry_after_seconds()), (Code::RateLimited, None));
        let _third = open(&mara).ok().unwrap();
        assert!(open(&mara).err().unwrap().message().contains("this backend"));
        assert_eq!(gauge.get(), 3);
        drop(first);
        assert!(open(&mara).is_ok() && open(&felix).is_ok());
        assert_eq!(gauge.get(), 2);
    }

    #[test]
    fn a_user_without_streams_takes_no_memory() {
        let streams = Streams::new(NonZeroU32::MIN, 3);
        let felix = "user:default/felix".parse().unwrap();
        drop(streams.claim(&felix, IntGauge::new("open", "open").unwrap()).take());
        assert!(streams.lock().by_user.is_empty());
    }
}
