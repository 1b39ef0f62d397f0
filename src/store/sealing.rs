//! Sealing: AES-256-GCM encryption of everything of value, so that a copy of the store is worthless.
//!
//! A sealed record is, in this order: one byte of version, one byte with the length of the key's id, the id, 12 bytes of nonce,
//! ciphertext and tag. Its kind and its user are authenticated, so that a record that is moved to another user's key does not open.

pub mod derived;
pub mod generate_key;

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::random::{NoRandomness, Random};

/// The version of this format.
const VERSION: u8 = 1;

/// The bytes of a key.
const KEY_LEN: usize = 32;

/// The longest id of a key, in characters.
const ID_LEN: usize = 16;

/// The kind of a sealed record. The numbers are authenticated with the record, so they must never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One login attempt.
    Session = 1,
    /// The tokens of one user and cluster.
    Tokens = 2,
    /// A token that has yet to be revoked.
    Revocation = 3,
}

/// The keys for records: the first one seals, all of them open. Each may seal at most 2^32 records, the bound for random nonces (NIST
/// SP 800-38D, 8.3).
pub struct Keyring {
    first: SealingKey,
    others: Vec<SealingKey>,
}

struct SealingKey {
    id: String,
    cipher: LessSafeKey,
}

/// Keys that cannot be used. Names an entry by its position and never repeats it, as it may be key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
}

/// A record that could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    /// No nonce could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The value cannot be written as JSON.
    #[error("the record cannot be written as JSON: report this as a fault")]
    NotJson,
    /// The cipher refuses its length.
    #[error("the record is too large to be sealed: report this as a fault")]
    TooLarge,
}

/// A record that cannot be read. It is kept, as it may open again with the right key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its key is not configured.
    #[error("a record is sealed with key {id}, which TOKEN_ENCRYPTION_KEYS does not hold: put that key back")]
    UnknownKey {
        /// The id of the missing key.
        id: String,
    },
    /// It is damaged, or was sealed with another key of that id, or for another kind or user.
    #[error(
        "a record does not open: it is damaged, or TOKEN_ENCRYPTION_KEYS holds another key under its key's id"
    )]
    DoesNotOpen,
    /// It opens, but this version does not understand its content.
    #[error("a record was written by another version of this program: run one version only")]
    NotUnderstood,
}

impl Keyring {
    /// Reads `TOKEN_ENCRYPTION_KEYS`: `id:base64[,id:base64…]`, standard or URL-safe base64 of 32 bytes, padded or not.
    ///
    /// # Errors
    /// At the first entry that is no key, or repeats one.
    pub fn parse(setting: &str) -> Result<Self, UnusableKeys> {
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

    /// One random key, for a store that ends with the process.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn random(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        random.fill(key.as_mut_slice())?;
        let first = SealingKey::new("process", key.as_slice()).map_err(|_| NoRandomness)?;
        Ok(Self { first, others: Vec::new() })
    }

    /// Seals a record with its `kind` and its `subject`: the user, the cluster or another id within the kind, always in the same order.
    ///
    /// # Errors
    /// Without randomness, and for records that are too large.
    pub fn seal(
        &self,
        random: &dyn Random,
        kind: Kind,
        subject: &[&str],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, NotSealed> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        // With room for the tag: a buffer that grows would leave plaintext in its old memory.
        let mut text = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
        text.extend_from_slice(plaintext);
        let key = &self.first;
        key.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context(kind, subject)),
                &mut text,
            )
            .map_err(|_| NotSealed::TooLarge)?;
        let id_len = u8::try_from(key.id.len()).map_err(|_| NotSealed::TooLarge)?;
        Ok([&[VERSION, id_len], key.id.as_bytes(), &nonce, &text].concat())
    }

    /// Opens what [`Keyring::seal`] sealed as the same `kind` for the same `subject`.
    ///
    /// # Errors
    /// As the variants of [`Unreadable`] say.
    pub fn open(
        &self,
        kind: Kind,
        subject: &[&str],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (id, nonce, text) = split(sealed).ok_or(Unreadable::DoesNotOpen)?;
        let key = std::iter::once(&self.first).chain(&self.others).find(|key| key.id == id);
        let key = key.ok_or_else(|| Unreadable::UnknownKey { id: id.to_owned() })?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = key
            .cipher
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context(kind, subject)),
                text.as_mut_slice(),
            )
            .map_err(|_| Unreadable::DoesNotOpen)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// Seals a value as JSON.
    ///
    /// # Errors
    /// As [`Keyring::seal`]; also when the value cannot be written as JSON.
    pub fn seal_json<T: Serialize>(
        &self,
        random: &dyn Random,
        kind: Kind,
        subject: &[&str],
        value: &T,
    ) -> Result<Vec<u8>, NotSealed> {
        let json = Zeroizing::new(serde_json::to_vec(value).map_err(|_| NotSealed::NotJson)?);
        self.seal(random, kind, subject, &json)
    }

    /// Opens a value sealed by [`Keyring::seal_json`].
    ///
    /// # Errors
    /// As [`Keyring::open`]; also when the JSON is not that of a `T`.
    pub fn open_json<T: DeserializeOwned>(
        &self,
        kind: Kind,
        subject: &[&str],
        sealed: &[u8],
    ) -> Result<T, Unreadable> {
        let json = self.open(kind, subject, sealed)?;
        serde_json::from_slice(&json).map_err(|_| Unreadable::NotUnderstood)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<_> = self.others.iter().map(|key| &key.id).collect();
        f.debug_struct("Keyring").field("seals", &self.first.id).field("opens_too", &others).finish()
    }
}

impl SealingKey {
    fn new(id: &str, key: &[u8]) -> Result<Self, Unspecified> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
        Ok(Self { id: id.to_owned(), cipher })
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

fn is_id(text: &str) -> bool {
    let in_alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=ID_LEN).contains(&text.len()) && text.bytes().all(in_alphabet)
}

/// The associated data. Each part is preceded by its length, so that `a`, `bc` differs from `ab`, `c`.
fn context(kind: Kind, subject: &[&str]) -> Vec<u8> {
    let mut context = vec![VERSION, kind as u8];
    for part in subject {
        context.extend_from_slice(&(part.len() as u64).to_be_bytes());
        context.extend_from_slice(part.as_bytes());
    }
    context
}

/// The id of the key, the nonce, and ciphertext with tag.
fn split(sealed: &[u8]) -> Option<(&str, [u8; NONCE_LEN], &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (id_len, rest) = rest.split_first()?;
    let (id, rest) = rest.split_at_checked(usize::from(*id_len))?;
    let (nonce, text) = rest.split_first_chunk()?;
    let id = str::from_utf8(id).ok().filter(|id| is_id(id))?;
    (*version == VERSION).then_some((id, *nonce, text))
}

#[cfg(test)]
mod tests;
