//! Many requests at once, spread over the replicas, and what each of them got.

use std::fmt;
use std::sync::Barrier;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::peers::cluster::names;

const PODS: &str = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

/// A request needs little of it, and there are thousands.
const STACK: usize = 512 << 10;

/// What a request got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// The user's pods.
    Pods,
    /// 403, and in words that the login was lost.
    LoginLost,
    /// Nothing: its replica died.
    NoAnswer,
    /// Any other answer.
    Other(String),
}

impl Got {
    fn read(answer: Option<&Answer>) -> Self {
        let Some(answer) = answer else { return Self::NoAnswer };
        let is_lost = answer.json["details"]["causes"][0]["reason"] == "not_connected"
            && answer.text.contains("refresh_lost");
        match answer.status {
            200 if names(&answer.json) == ["web-0", "web-1"] => Self::Pods,
            403 if is_lost => Self::LoginLost,
            status => Self::Other(format!("{status}: {}", answer.text)),
        }
    }
}

/// What all the requests of a storm got.
pub struct Outcome(Vec<(usize, Got)>);

impl Outcome {
    /// How many requests got that.
    pub fn count(&self, wanted: &Got) -> usize {
        self.0.iter().filter(|(_, got)| got == wanted).count()
    }

    /// The first request that got something else than `expected` says of its replica.
    pub fn first_other(&self, expected: impl Fn(usize) -> Got) -> Option<String> {
        let other = self.0.iter().find(|(replica, got)| *got != expected(*replica))?;
        Some(format!("replica {} answered {:?}", other.0, other.1))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lost, gone) = (self.count(&Got::LoginLost), self.count(&Got::NoAnswer));
        write!(f, "{} good answers of {}", self.count(&Got::Pods), self.0.len() - gone)?;
        if lost > 0 {
            write!(f, " ({lost} named refresh_lost)")?;
        }
        Ok(())
    }
}

/// Sends the requests, all at once, and does something else meanwhile.
pub fn storm<T>(apis: &[Api], requests: usize, meanwhile: impl FnOnce() -> T) -> (Outcome, T) {
    let together = Barrier::new(requests);
    std::thread::scope(|scope| {
        let ask = |number: usize| {
            let replica = number % apis.len();
            let (api, together) = (&apis[replica], &together);
            let asking = move || {
                together.wait();
                (replica, Got::read(api.attempt_get(PODS).as_ref()))
            };
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, asking).unwrap()
        };
        let asking: Vec<_> = (0..requests).map(ask).collect();
        let meanwhile = meanwhile();
        (Outcome(asking.into_iter().map(|request| request.join().unwrap()).collect()), meanwhile)
    })
}
