//! `config generate-key`: a new entry for `TOKEN_ENCRYPTION_KEYS`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::keys::KEY_LEN;
use crate::random::{NoRandomness, Random};

/// `id:base64` of 32 random bytes. The id is today's date, which shows the age of a key, with a number appended if `existing`, the
/// current setting, has a key of today.
///
/// # Errors
/// As [`Random::fill`].
pub fn generate_key(
    random: &dyn Random,
    now: OffsetDateTime,
    existing: &str,
) -> Result<Zeroizing<String>, NoRandomness> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    random.fill(key.as_mut_slice())?;
    let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
    Ok(Zeroizing::new(format!("{}:{}", free_id(now, existing), encoded.as_str())))
}

fn free_id(now: OffsetDateTime, existing: &str) -> String {
    let taken: Vec<&str> = existing.split(',').filter_map(|entry| entry.trim().split(':').next()).collect();
    let day = now.date().to_string();
    let mut id = day.clone();
    let mut number = 1;
    while taken.contains(&id.as_str()) {
        number += 1;
        id = format!("{day}-{number}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;
    use crate::store::sealing::Keyring;

    fn generated(existing: &str) -> String {
        generate_key(&SystemRandom, OffsetDateTime::UNIX_EPOCH, existing).unwrap().to_string()
    }

    #[test]
    fn a_generated_key_is_new_each_time_and_is_what_the_setting_takes() {
        let (first, second) = (generated(""), generated(""));
        assert_ne!(first, second);
        let seals = format!("{:?}", Keyring::parse(&first).unwrap());
        assert!(seals.contains("1970-01-01"), "{seals}");
    }

    #[test]
    fn a_generated_key_can_be_appended_to_the_ones_there_are() {
        let mut setting = generated("");
        for _ in 0..11 {
            setting = format!("{setting}, {}", generated(&setting));
        }
        let ring = format!("{:?}", Keyring::parse(&setting).unwrap());
        assert!(ring.contains("1970-01-01-12"), "{ring}");
    }
}
