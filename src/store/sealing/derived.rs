//! Sealing with a key that is not stored: it is derived from a secret that comes back with a request (a state, a token) and that the
//! store never holds. With the secret any replica opens the record; a copy of the store is worthless.
//!
//! A sealed record is, in this order: one byte of version, 12 bytes of nonce, ciphertext and tag. Its key in the store is
//! authenticated with it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::NotSealed;
use crate::protocol::WireSecret;
use crate::random::Random;
use crate::store::Key;

/// The version of this format.
const VERSION: u8 = 1;

/// Separates these keys from others derived from the same secret (RFC 5869, 3.1).
const SALT: &[u8] = b"backstage-oidc-helper";

/// A record that cannot be read: it is damaged, or another version wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a record of this login cannot be read: run one version of the helper only, or begin the login again"
)]
pub struct DoesNotOpen;

/// Seals a value as JSON, for its key in the store.
///
/// # Errors
/// Without randomness, and for a value that is too large or cannot be written as JSON.
pub fn seal<T: Serialize>(
    secret: &WireSecret,
    place: &Key,
    value: &T,
    random: &dyn Random,
) -> Result<Vec<u8>, NotSealed> {
    let json = Zeroizing::new(serde_json::to_vec(value).map_err(|_| NotSealed::NotJson)?);
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce)?;
    // With room for the tag: a buffer that grows would leave plaintext in its old memory.
    let mut text = Vec::with_capacity(json.len() + AES_256_GCM.tag_len());
    text.extend_from_slice(&json);
    let cipher = cipher(secret, place).ok_or(NotSealed::TooLarge)?;
    cipher
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut text)
        .map_err(|_| NotSealed::TooLarge)?;
    Ok([&[VERSION], nonce.as_slice(), &text].concat())
}

/// Opens what [`seal`] sealed with the same secret for the same key in the store.
///
/// # Errors
/// When it does not open, or its content is something else.
pub fn open<T: DeserializeOwned>(secret: &WireSecret, place: &Key, sealed: &[u8]) -> Result<T, DoesNotOpen> {
    let (nonce, text) = split(sealed).ok_or(DoesNotOpen)?;
    let mut text = Zeroizing::new(text.to_vec());
    let cipher = cipher(secret, place).ok_or(DoesNotOpen)?;
    let json = cipher
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), text.as_mut_slice())
        .map_err(|_| DoesNotOpen)?;
    serde_json::from_slice(json).map_err(|_| DoesNotOpen)
}

/// The cipher. Its key is HKDF-SHA256 (RFC 5869) of the secret, with the key in the store as context.
fn cipher(secret: &WireSecret, place: &Key) -> Option<LessSafeKey> {
    let pseudorandom = Salt::new(HKDF_SHA256, SALT).extract(secret.expose().as_bytes());
    let context = [place.as_bytes()];
    let key = pseudorandom.expand(&context, &AES_256_GCM).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(key)))
}

fn split(sealed: &[u8]) -> Option<([u8; NONCE_LEN], &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (nonce, text) = rest.split_first_chunk()?;
    (*version == VERSION).then_some((*nonce, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn only_the_secret_opens_it_and_only_at_its_place() {
        let (secret, other) = (WireSecret::from("s".repeat(43)), WireSecret::from("t".repeat(43)));
        let sealed = seal(&secret, "login:a", &"a session token", &SystemRandom).unwrap();
        assert_eq!(open::<String>(&secret, "login:a", &sealed).unwrap(), "a session token");
        assert!(!sealed.windows(7).any(|part| part == b"session"));
        assert_eq!(open::<String>(&other, "login:a", &sealed), Err(DoesNotOpen));
        assert_eq!(open::<String>(&secret, "login:b", &sealed), Err(DoesNotOpen));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(open::<String>(&secret, "login:a", &damaged), Err(DoesNotOpen), "byte {at}");
        }
        assert_eq!(open::<u32>(&secret, "login:a", &sealed), Err(DoesNotOpen));
        assert_eq!(open::<String>(&secret, "login:a", &[]), Err(DoesNotOpen));
    }

    #[test]
    fn the_same_is_sealed_differently_each_time() {
        let secret = WireSecret::from("s".repeat(43));
        let sealed = || seal(&secret, "a", &1, &SystemRandom).unwrap();
        assert_ne!(sealed(), sealed());
    }
}
