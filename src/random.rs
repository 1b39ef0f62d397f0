//! Randomness, passed in, with random secrets and the digest that names them.

use aws_lc_rs::digest::{self, SHA256, SHA256_OUTPUT_LEN};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::protocol::WireSecret;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When the operating system gives no randomness. No caller may continue without it.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system could not give randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness: restart the program")]
pub struct NoRandomness;

/// The operating system's source, without a generator of the process's own in between: one would have to be seeded at each start, and wiped
/// at each fork.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

/// 32 random bytes as 43 characters of base64url: a session token, a state, a nonce, a PKCE verifier (RFC 7636, 4.1).
///
/// # Errors
/// As [`Random::fill`].
pub fn random_secret(random: &dyn Random) -> Result<WireSecret, NoRandomness> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// A SHA-256.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

/// SHA-256: stands for a secret where the secret itself must not be kept.
#[must_use]
pub fn digest(value: &[u8]) -> Digest {
    let mut octets = [0; SHA256_OUTPUT_LEN];
    octets.copy_from_slice(digest::digest(&SHA256, value).as_ref());
    octets
}

/// The same as base64url, where it is stored.
#[must_use]
pub fn sha256(value: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_form_the_protocol_fixes_and_is_new_each_time() {
        let (first, second) = (random_secret(&SystemRandom).unwrap(), random_secret(&SystemRandom).unwrap());
        assert!(first.is_well_formed());
        assert!(!first.equals(&second));
    }

    #[test]
    fn the_digest_is_sha256() {
        // RFC 7636, appendix B: the challenge is the SHA-256 of the verifier.
        assert_eq!(
            sha256(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
