//! One entry of a store, as it is carried to another: sealed as it is, with the moment at which it ends.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;

use super::{Store, StoreError, Swap};

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A record.
    Record {
        /// Its key.
        key: String,
        /// Sealed.
        #[serde(serialize_with = "write_base64", deserialize_with = "read_base64")]
        value: Vec<u8>,
        /// When it ends.
        #[serde(with = "time::serde::rfc3339")]
        ends: OffsetDateTime,
    },
    /// A member of a bounded set.
    Member {
        /// The set's key.
        set: String,
        /// Its name.
        member: String,
        /// When it ends.
        #[serde(with = "time::serde::rfc3339")]
        ends: OffsetDateTime,
    },
    /// A member of an index.
    Noted {
        /// The index's key.
        index: String,
        /// Its name.
        member: String,
        /// Its moment.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

/// What became of an entry that was carried to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The store has it now.
    New,
    /// The store had it, or it has ended.
    Known,
    /// The store has another value for it, which stays: one of the two is out of date.
    Differs,
}

impl Entry {
    /// Writes it to a store that does not have it yet. What that one has already stays.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn keep_in(&self, store: &dyn Store, now: OffsetDateTime) -> Result<Carried, StoreError> {
        match self {
            Self::Record { key, value, ends } => match left(*ends, now) {
                Some(ttl) => keep_record(store, key, (value, ttl)).await,
                None => Ok(Carried::Known),
            },
            Self::Member { set, member, ends } => match left(*ends, now) {
                Some(ttl) => store.enter(set, member, ttl, usize::MAX).await.map(Carried::of),
                None => Ok(Carried::Known),
            },
            Self::Noted { index, member, at } => {
                if store.noted_at(index, member).await?.is_some() {
                    return Ok(Carried::Known);
                }
                store.note(index, member, *at).await.map(|()| Carried::New)
            }
        }
    }
}

impl Carried {
    fn of(written: Swap) -> Self {
        match written {
            Swap::Done => Self::New,
            Swap::Conflict => Self::Known,
        }
    }
}

async fn keep_record(
    store: &dyn Store,
    key: &str,
    (value, ttl): (&[u8], Duration),
) -> Result<Carried, StoreError> {
    Ok(match store.put_new(key, value, ttl).await? {
        Swap::Conflict if store.get(key).await?.is_some_and(|there| there != value) => Carried::Differs,
        written => Carried::of(written),
    })
}

/// How long it still lives.
fn left(ends: OffsetDateTime, now: OffsetDateTime) -> Option<Duration> {
    Duration::try_from(ends - now).ok().filter(|left| !left.is_zero())
}

fn write_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn read_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
}
