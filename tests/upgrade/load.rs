//! People that use their logins all the while, at any replica.

use std::fmt;
use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use super::replicas::Shared;
use crate::harness::clients::api::Answer;

/// How many ask at a time.
const PEOPLE: usize = 6;

/// Between two requests of one: this is load, not a flood, and there is nothing that a person waits for.
const PAUSE: Duration = Duration::from_millis(20);

/// What the requests got; every other answer is a fault.
#[derive(Clone, Copy, Default)]
pub struct Answers {
    good: u64,
    refused: u64,
}

impl Sub for Answers {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { good: self.good - before.good, refused: self.refused - before.refused }
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} good answers and {} that name the identity provider's refusal", self.good, self.refused)
    }
}

#[derive(Default)]
struct Counts {
    good: AtomicU64,
    refused: AtomicU64,
    over: AtomicBool,
}

/// The running load.
pub struct Load {
    counts: Arc<Counts>,
    people: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins it.
    pub fn begin(clusters: &[String], replicas: &Shared) -> Self {
        let counts = Arc::<Counts>::default();
        let one = |number: usize| {
            let (clusters, replicas, counts) = (clusters.to_vec(), Arc::clone(replicas), Arc::clone(&counts));
            std::thread::spawn(move || {
                // Each begins at another cluster.
                let turns = clusters.iter().cycle().skip(number * clusters.len() / PEOPLE).enumerate();
                for (turn, cluster) in turns.take_while(|_| !counts.over.load(Relaxed)) {
                    ask(&replicas, number + turn, cluster, &counts);
                    std::thread::sleep(PAUSE);
                }
            })
        };
        let people = (0..PEOPLE).map(one).collect();
        Self { counts, people }
    }

    /// What came so far.
    pub fn answers(&self) -> Answers {
        assert!(self.people.iter().all(|person| !person.is_finished()), "a request went wrong: see above");
        Answers { good: self.counts.good.load(Relaxed), refused: self.counts.refused.load(Relaxed) }
    }

    /// Ends it.
    pub fn end(self) -> Answers {
        let answers = self.answers();
        self.counts.over.store(true, Relaxed);
        for person in self.people {
            person.join().expect("a request went wrong: see above");
        }
        answers
    }
}

/// A replica that is to end is out of sight before it is told so, and ends after its last answer.
fn ask(replicas: &Shared, turn: usize, cluster: &str, counts: &Counts) {
    let path = format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods");
    let api = {
        let replicas = replicas.read().unwrap();
        Arc::clone(&replicas[turn % replicas.len()])
    };
    let answer = api.attempt_get(&path).expect("no answer");
    count(&answer, cluster, counts);
}

fn count(answer: &Answer, cluster: &str, counts: &Counts) {
    let cause = answer.json["details"]["causes"][0]["reason"].as_str().unwrap_or_default();
    match (answer.status, cause) {
        (200, _) => counts.good.fetch_add(1, Relaxed),
        (502 | 503, "idp_refused" | "idp_unreachable") => counts.refused.fetch_add(1, Relaxed),
        // Its login ends and begins anew in each step.
        (403, "not_connected")
            if matches!(cluster, "cluster-2" | "cluster-3") && !answer.text.contains('(') =>
        {
            0
        }
        _ => panic!("{cluster}: {}: {}", answer.status, answer.text),
    };
}
