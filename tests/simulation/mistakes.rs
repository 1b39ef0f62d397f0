//! Mistakes that the refresh code could make: the store, the clock and the identity provider of a schedule make them in its place,
//! so that the simulation shows that it notices each.

use std::collections::{HashMap, HashSet};
use std::fmt;

use time::OffsetDateTime;

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The login is not read again under the lock.
    ReadsBeforeTheLock,
    /// The record is written whatever it has become.
    WritesUnconditionally,
    /// The lock is released though another task holds it.
    ReleasesWithoutCompare,
    /// The token is sent again when an answer is lost.
    RetriesALostAnswer,
    /// No intent is written before the token is sent.
    WritesNoIntent,
    /// The token is sent however long ago the intent was written.
    SendsLate,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ReadsBeforeTheLock,
        Self::WritesUnconditionally,
        Self::ReleasesWithoutCompare,
        Self::RetriesALostAnswer,
        Self::WritesNoIntent,
        Self::SendsLate,
    ];

    /// Every so many seeds there is a schedule that may show it: in every seventh, tasks stand still.
    pub fn every(self) -> usize {
        match self {
            Self::ReadsBeforeTheLock | Self::RetriesALostAnswer | Self::WritesNoIntent => 1,
            Self::WritesUnconditionally | Self::ReleasesWithoutCompare | Self::SendsLate => 7,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadsBeforeTheLock => "does not read the login again under the lock",
            Self::WritesUnconditionally => "writes the record whatever it has become",
            Self::ReleasesWithoutCompare => "releases a lock that another task holds",
            Self::RetriesALostAnswer => "sends the token again when an answer is lost",
            Self::WritesNoIntent => "writes no intent before it sends the token",
            Self::SendsLate => "sends the token long after it wrote the intent",
        })
    }
}

/// What a schedule needs to know to make its mistake; nothing where it makes none.
#[derive(Default)]
pub struct Mistaken {
    mistake: Option<Mistake>,
    /// By task, what it read last.
    read: HashMap<usize, Option<Vec<u8>>>,
    /// The tasks that have taken the lock, and have not read since.
    locked: HashSet<usize>,
    /// By task that writes its intent next, the time before that.
    intending: HashMap<usize, OffsetDateTime>,
    /// By intent that was not written, what the record is still.
    unwritten: HashMap<Vec<u8>, Vec<u8>>,
    /// By task, what its clock says when it looks next.
    clock: HashMap<usize, OffsetDateTime>,
}

impl Mistaken {
    /// Makes this mistake from now on.
    pub fn new(mistake: Option<Mistake>) -> Self {
        Self { mistake, ..Self::default() }
    }

    /// Whether it makes this one.
    pub fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// A task has taken the lock.
    pub fn locks(&mut self, task: usize) {
        self.locked.insert(task);
    }

    /// What a task reads, which is this if it makes no mistake.
    pub fn reads(&mut self, task: usize, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        if self.makes(Mistake::ReadsBeforeTheLock) && self.locked.remove(&task) {
            return self.read.remove(&task).unwrap_or(value);
        }
        self.read.insert(task, value.clone());
        value
    }

    /// A task is about to write its intent.
    pub fn intends(&mut self, task: usize, now: OffsetDateTime) {
        self.intending.insert(task, now);
    }

    /// A task writes a record: what that was `seen` as in the store, or nothing if it is not written.
    pub fn writes(&mut self, task: usize, seen: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let before = self.unwritten.get(seen).cloned().unwrap_or_else(|| seen.to_vec());
        let intending = self.intending.remove(&task);
        if let Some(then) = intending.filter(|_| self.makes(Mistake::SendsLate)) {
            self.clock.insert(task, then);
        }
        if intending.is_some() && self.makes(Mistake::WritesNoIntent) {
            self.unwritten.insert(value.to_vec(), before);
            return None;
        }
        Some(before)
    }

    /// What a task's clock says, which is `now` if it makes no mistake.
    pub fn looks(&mut self, task: usize, now: OffsetDateTime) -> OffsetDateTime {
        self.clock.remove(&task).unwrap_or(now)
    }
}
