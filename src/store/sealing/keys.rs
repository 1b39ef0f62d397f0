//! The keys of `TOKEN_ENCRYPTION_KEYS`, as they are at one time.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::random::{NoRandomness, Random, sha256};

/// The bytes of a key.
pub(super) const KEY_LEN: usize = 32;

/// The longest id of a key, in characters.
const ID_LEN: usize = 16;

/// Each may seal at most 2^32 records, the bound for random nonces (NIST SP 800-38D, 8.3).
pub(super) struct Keys {
    first: SealingKey,
    others: Vec<SealingKey>,
}

/// A key and its id.
pub(super) struct SealingKey {
    pub(super) id: String,
    pub(super) cipher: LessSafeKey,
    /// Tells it from another key of that id: the cipher does not give its bytes back.
    print: String,
}

/// Keys that cannot be used. Names an entry by its position and never repeats it, as it may be key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKeys {
    /// Not an id and a key.
    #[error("entry {0} of TOKEN_ENCRYPTION_KEYS is not id:base64: write id:base64[,id:base64…]")]
    Form(usize),
    /// Not an id.
    #[error("entry {0} of TOKEN_ENCRYPTION_KEYS has an unusable id: take 1 to 16 of A-Z, a-z, 0-9, - and _")]
    Id(usize),
    /// Not a key.
    #[error("entry {0} of TOKEN_ENCRYPTION_KEYS is not a key: take 32 random bytes as base64")]
    Key(usize),
    /// An id or a key that is used twice.
    #[error(
        "entry {0} of TOKEN_ENCRYPTION_KEYS repeats the id or the key of an earlier one: make each of its own"
    )]
    Repeated(usize),
    /// The new ones lack the one that seals now.
    #[error(
        "TOKEN_ENCRYPTION_KEYS lacks key {0}, which seals now: append new keys, move one to the front, and leave this one out only after that"
    )]
    Dropped(String),
    /// The new ones have another key under an id that is in use.
    #[error("TOKEN_ENCRYPTION_KEYS holds another key under the id {0}: give each key an id of its own")]
    Changed(String),
}

impl Keys {
    /// Reads the setting.
    pub(super) fn parse(setting: &str) -> Result<Self, UnusableKeys> {
        let mut entries = Vec::new();
        for (place, entry) in (1..).zip(setting.split(',')) {
            let (id, key) = parse_entry(place, entry.trim())?;
            if entries.iter().any(|(other_id, other)| *other_id == id || *other == key) {
                return Err(UnusableKeys::Repeated(place));
            }
            entries.push((id, key));
        }
        let mut keys = entries.iter().zip(1..).map(|((id, key), place)| {
            SealingKey::new(id, key.as_slice()).map_err(|_| UnusableKeys::Key(place))
        });
        let first = keys.next().unwrap_or(Err(UnusableKeys::Form(1)))?;
        Ok(Self { first, others: keys.collect::<Result<_, _>>()? })
    }

    /// One random key.
    pub(super) fn random(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        random.fill(key.as_mut_slice())?;
        let first = SealingKey::new("process", key.as_slice()).map_err(|_| NoRandomness)?;
        Ok(Self { first, others: Vec::new() })
    }

    /// The one that seals.
    pub(super) fn first(&self) -> &SealingKey {
        &self.first
    }

    /// Those that only open.
    pub(super) fn others(&self) -> &[SealingKey] {
        &self.others
    }

    /// The one of that id.
    pub(super) fn get(&self, id: &str) -> Option<&SealingKey> {
        self.all().find(|key| key.id == id)
    }

    fn all(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether these may take the place of those, without a restart at which an operator looks.
    pub(super) fn check_successor_of(&self, before: &Self) -> Result<(), UnusableKeys> {
        let changed = |key: &&SealingKey| self.get(&key.id).is_some_and(|same| same.print != key.print);
        if let Some(key) = before.all().find(changed) {
            return Err(UnusableKeys::Changed(key.id.clone()));
        }
        match self.get(&before.first.id) {
            Some(_) => Ok(()),
            None => Err(UnusableKeys::Dropped(before.first.id.clone())),
        }
    }
}

/// Their ids.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seals", self.first.id)?;
        self.others.iter().try_for_each(|key| write!(f, ", {} opens", key.id))
    }
}

impl SealingKey {
    fn new(id: &str, key: &[u8]) -> Result<Self, Unspecified> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
        Ok(Self { id: id.to_owned(), cipher, print: sha256(key) })
    }
}

/// An entry of the setting: the id, and the bytes of the key.
fn parse_entry(place: usize, entry: &str) -> Result<(&str, Zeroizing<Vec<u8>>), UnusableKeys> {
    let (id, key) = entry.split_once(':').ok_or(UnusableKeys::Form(place))?;
    if !is_id(id) {
        return Err(UnusableKeys::Id(place));
    }
    let alphabet = if key.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let padded_or_not = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let key =
        GeneralPurpose::new(alphabet, padded_or_not).decode(key).map_err(|_| UnusableKeys::Key(place))?;
    Ok((id, Zeroizing::new(key)))
}

/// Whether a key may have this id.
pub(super) fn is_id(text: &str) -> bool {
    let in_alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=ID_LEN).contains(&text.len()) && text.bytes().all(in_alphabet)
}
