//! Sealing: AES-256-GCM encryption of everything of value, so that a copy of the store is worthless.
//!
//! A sealed record is, in this order: one byte of version, one byte with the length of the key's id, the id, 12 bytes of nonce,
//! ciphertext and tag. Its kind and its user are authenticated, so that a record that is moved to another user's key does not open.

pub mod derived;
pub mod generate_key;
mod keys;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use zeroize::Zeroizing;

pub use self::keys::UnusableKeys;
use self::keys::{Keys, is_id};
use crate::random::{NoRandomness, Random};

/// The version of this format.
const VERSION: u8 = 1;

/// So many times at once the file of the keys may be read for ids that are not known, and once more each second.
const LOOKS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

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

/// The keys for records, which may be replaced while the process runs: the first one seals, all of them open.
pub struct Keyring {
    keys: watch::Sender<Arc<Keys>>,
    file: OnceLock<KeysFile>,
}

/// Which keys are in use: other ones make another value, also where the same come again. It keeps none of them.
#[derive(Clone)]
pub struct KeysInUse(Weak<Keys>);

impl PartialEq for KeysInUse {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

/// The file of the keys, to look into for an id that is not known.
struct KeysFile {
    look: Box<dyn Fn() + Send + Sync>,
    /// Without it, a record that has lost its key would have the file read with each request.
    looks: DefaultDirectRateLimiter,
    /// One looks at a time: the others have what it found.
    looking: Mutex<()>,
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
        Ok(Self::of(Keys::parse(setting)?))
    }

    /// One random key, for a store that ends with the process.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn random(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self::of(Keys::random(random)?))
    }

    fn of(keys: Keys) -> Self {
        Self { keys: watch::Sender::new(Arc::new(keys)), file: OnceLock::new() }
    }

    /// Takes other keys, for what is sealed and opened from now on; says which.
    ///
    /// # Errors
    /// As [`Self::parse`], and when the key that seals now is not among them: what it has sealed would not open any more.
    pub fn take(&self, setting: &str) -> Result<String, UnusableKeys> {
        let keys = Keys::parse(setting)?;
        keys.check_successor_of(&self.current())?;
        let said = keys.to_string();
        self.keys.send_replace(Arc::new(keys));
        Ok(said)
    }

    /// Has `look`, which reads the file of the keys, called before an unknown id is an error: five times at
    /// once at most, and once more each second.
    pub fn look_for_unknown_ids(&self, look: impl Fn() + Send + Sync + 'static) {
        let looks = RateLimiter::direct(Quota::per_second(NonZeroU32::MIN).allow_burst(LOOKS_AT_ONCE));
        let _ = self.file.set(KeysFile { look: Box::new(look), looks, looking: Mutex::new(()) });
    }

    /// Which keys are in use now.
    #[must_use]
    pub fn in_use(&self) -> KeysInUse {
        KeysInUse(Arc::downgrade(&self.keys.borrow()))
    }

    /// The id of the key that seals now.
    #[must_use]
    pub fn sealing_id(&self) -> String {
        self.current().first().id.clone()
    }

    /// Whether there are keys that only open.
    #[must_use]
    pub fn has_old_keys(&self) -> bool {
        !self.current().others().is_empty()
    }

    /// Whether a record has to be sealed anew before the keys that only open may be left out.
    #[must_use]
    pub fn is_sealed_by_another(&self, sealed: &[u8]) -> bool {
        let id = split(sealed).map(|(id, ..)| id);
        id != Some(self.current().first().id.as_str())
    }

    /// Returns when other keys are taken than those of now.
    pub fn changed(&self) -> impl Future<Output = ()> + use<> {
        let mut keys = self.keys.subscribe();
        async move {
            let _ = keys.changed().await;
        }
    }

    fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.borrow())
    }

    /// Keys among which this one is, after a look into their file where it is not.
    fn with_key(&self, id: &str) -> Option<Arc<Keys>> {
        let now = || Some(self.current()).filter(|keys| keys.get(id).is_some());
        let Some(file) = self.file.get() else { return now() };
        now().or_else(|| {
            let _one_at_a_time = file.looking.lock().unwrap_or_else(PoisonError::into_inner);
            now().or_else(|| {
                if file.looks.check().is_ok() {
                    (file.look)();
                }
                now()
            })
        })
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
        let keys = self.current();
        let key = keys.first();
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
        let unknown = || Unreadable::UnknownKey { id: id.to_owned() };
        let keys = self.with_key(id).ok_or_else(unknown)?;
        let key = keys.get(id).ok_or_else(unknown)?;
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
        let keys = self.current();
        let others: Vec<_> = keys.others().iter().map(|key| &key.id).collect();
        f.debug_struct("Keyring").field("seals", &keys.first().id).field("opens_too", &others).finish()
    }
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
