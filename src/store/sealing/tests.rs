use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::keys::KEY_LEN;
use super::*;
use crate::random::SystemRandom;

const FELIX: [&str; 2] = ["user:default/felix", "production"];

/// Contains both characters in which the two alphabets differ.
const FIRST: [u8; KEY_LEN] = [0xfb; KEY_LEN];
const SECOND: [u8; KEY_LEN] = [0xff; KEY_LEN];

fn setting(keys: &[(&str, [u8; KEY_LEN])]) -> String {
    let entries: Vec<_> = keys.iter().map(|(id, key)| format!("{id}:{}", STANDARD.encode(key))).collect();
    entries.join(",")
}

fn ring(keys: &[(&str, [u8; KEY_LEN])]) -> Keyring {
    Keyring::parse(&setting(keys)).unwrap()
}

fn sealed(ring: &Keyring) -> Vec<u8> {
    ring.seal(&SystemRandom, Kind::Tokens, &FELIX, b"refresh-token").unwrap()
}

#[test]
fn a_record_opens_as_what_it_is_and_shows_nothing_of_it() {
    let ring = ring(&[("a", FIRST)]);
    let (once, again) = (sealed(&ring), sealed(&ring));
    assert_eq!(ring.open(Kind::Tokens, &FELIX, &once).unwrap().as_slice(), b"refresh-token");
    assert!(!once.windows(7).any(|window| window == b"refresh"));
    assert_ne!(once, again, "the nonce repeats");
}

#[test]
fn a_record_of_another_place_does_not_open() {
    let ring = ring(&[("a", FIRST)]);
    let sealed = sealed(&ring);
    for (kind, subject) in [
        (Kind::Session, &FELIX[..]),
        (Kind::Tokens, &["user:default/fiona", "production"]),
        (Kind::Tokens, &["user:default/felix", "promotions"]),
        (Kind::Tokens, &["user:default/felixp", "roduction"]),
        (Kind::Tokens, &["production", "user:default/felix"]),
        (Kind::Tokens, &["user:default/felix"]),
        (Kind::Tokens, &["user:default/felix", "production", ""]),
        (Kind::Tokens, &[]),
    ] {
        let opened = ring.open(kind, subject, &sealed);
        assert_eq!(opened, Err(Unreadable::DoesNotOpen), "{kind:?} {subject:?}");
    }
}

#[test]
fn no_bit_can_be_flipped_and_no_byte_be_cut_off() {
    let ring = ring(&[("a", FIRST)]);
    let sealed = sealed(&ring);
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(ring.open(Kind::Tokens, &FELIX, &flipped).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(ring.open(Kind::Tokens, &FELIX, &sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_new_key_is_appended_then_moved_first_then_the_old_one_removed() {
    let before = ring(&[("a", FIRST)]);
    let old = sealed(&before);
    let appended = ring(&[("a", FIRST), ("b", SECOND)]);
    let moved = ring(&[("b", SECOND), ("a", FIRST)]);
    assert!(moved.open(Kind::Tokens, &FELIX, &old).is_ok());
    let new = sealed(&moved);
    assert!(appended.open(Kind::Tokens, &FELIX, &new).is_ok(), "a replica that has not been rolled out yet");
    let removed = ring(&[("b", SECOND)]);
    let unreadable = removed.open(Kind::Tokens, &FELIX, &old).unwrap_err();
    assert_eq!(unreadable, Unreadable::UnknownKey { id: "a".to_owned() });
    assert!(removed.open(Kind::Tokens, &FELIX, &new).is_ok());
}

#[test]
fn another_key_under_the_same_id_does_not_open() {
    let sealed = sealed(&ring(&[("a", FIRST)]));
    let opened = ring(&[("a", SECOND)]).open(Kind::Tokens, &FELIX, &sealed);
    assert_eq!(opened, Err(Unreadable::DoesNotOpen));
}

#[test]
fn a_process_of_its_own_has_a_key_of_its_own() {
    let (one, other) = (Keyring::random(&SystemRandom).unwrap(), Keyring::random(&SystemRandom).unwrap());
    let sealed = sealed(&one);
    assert!(one.open(Kind::Tokens, &FELIX, &sealed).is_ok());
    assert_eq!(other.open(Kind::Tokens, &FELIX, &sealed), Err(Unreadable::DoesNotOpen));
}

#[test]
fn both_alphabets_are_read_padded_or_not() {
    let sealed = sealed(&ring(&[("a", FIRST)]));
    for key in
        [STANDARD.encode(FIRST), URL_SAFE_NO_PAD.encode(FIRST), format!("{}=", URL_SAFE_NO_PAD.encode(FIRST))]
    {
        let ring = Keyring::parse(&format!(" a:{key} ")).unwrap();
        assert!(ring.open(Kind::Tokens, &FELIX, &sealed).is_ok(), "{key}");
    }
}

#[test]
fn what_is_no_key_is_refused_by_its_place_and_never_repeated() {
    let (key, other) = (STANDARD.encode(FIRST), STANDARD.encode(SECOND));
    for (setting, error) in [
        (String::new(), UnusableKeys::Form(1)),
        (key.clone(), UnusableKeys::Form(1)),
        (format!("a:{key},"), UnusableKeys::Form(2)),
        (format!("{key}:a"), UnusableKeys::Id(1)),
        (format!(":{key}"), UnusableKeys::Id(1)),
        (format!("a b:{key}"), UnusableKeys::Id(1)),
        (format!("seventeen-letters:{key}"), UnusableKeys::Id(1)),
        (format!("a:{key},b:{}", &other[4..]), UnusableKeys::Key(2)),
        (format!("a:{key},b:{other}!"), UnusableKeys::Key(2)),
        (format!("a:{key},a:{other}"), UnusableKeys::Repeated(2)),
        (format!("a:{key},b:{key}"), UnusableKeys::Repeated(2)),
    ] {
        let refused = Keyring::parse(&setting).unwrap_err();
        assert_eq!(refused, error, "{setting}");
        assert!(!refused.to_string().contains(&key[..8]), "{refused}");
    }
}

#[test]
fn debug_names_keys_and_shows_none() {
    let text = format!("{:?}", ring(&[("a", FIRST), ("b", SECOND)]));
    assert_eq!(text, r#"Keyring { seals: "a", opens_too: ["b"] }"#);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Login {
    subject: String,
}

#[derive(Deserialize, Debug)]
struct LaterLogin {
    #[expect(dead_code, reason = "only whether it is there matters")]
    audience: String,
}

#[test]
fn json_of_another_version_is_told_from_a_record_that_does_not_open() {
    let ring = ring(&[("a", FIRST)]);
    let login = Login { subject: "auth0|1".to_owned() };
    let sealed = ring.seal_json(&SystemRandom, Kind::Session, &["session"], &login).unwrap();
    assert_eq!(ring.open_json::<Login>(Kind::Session, &["session"], &sealed).unwrap(), login);
    let later = ring.open_json::<LaterLogin>(Kind::Session, &["session"], &sealed);
    assert_eq!(later.unwrap_err(), Unreadable::NotUnderstood);
    let elsewhere = ring.open_json::<Login>(Kind::Session, &["other"], &sealed);
    assert_eq!(elsewhere.unwrap_err(), Unreadable::DoesNotOpen);
}

#[test]
fn keys_are_taken_while_it_serves_and_only_with_the_one_that_seals() {
    let ring = ring(&[("a", FIRST)]);
    let old = sealed(&ring);
    assert_eq!(ring.take(&setting(&[("b", SECOND), ("a", FIRST)])).unwrap(), "b seals, a opens");
    let new = sealed(&ring);
    assert_eq!(&new[2..3], b"b");
    assert!(ring.open(Kind::Tokens, &FELIX, &old).is_ok());
    for (keys, refusal) in [
        (String::new(), UnusableKeys::Form(1)),
        (setting(&[("b", SECOND), ("a", FIRST)])[..70].to_owned(), UnusableKeys::Key(2)),
        (setting(&[("a", FIRST)]), UnusableKeys::Dropped("b".to_owned())),
        (setting(&[("b", [7; KEY_LEN]), ("a", FIRST)]), UnusableKeys::Changed("b".to_owned())),
        (setting(&[("b", SECOND), ("a", [7; KEY_LEN])]), UnusableKeys::Changed("a".to_owned())),
    ] {
        assert_eq!(ring.take(&keys), Err(refusal), "{keys}");
        assert!(
            ring.open(Kind::Tokens, &FELIX, &old).is_ok() && ring.open(Kind::Tokens, &FELIX, &new).is_ok()
        );
    }
    ring.take(&setting(&[("b", SECOND)])).unwrap();
    assert!(ring.open(Kind::Tokens, &FELIX, &old).is_err() && ring.open(Kind::Tokens, &FELIX, &new).is_ok());
}

#[test]
fn the_file_is_read_for_an_unknown_id_and_not_with_every_request() {
    const AT_ONCE: usize = 64;
    let old = Arc::new(ring(&[("a", FIRST)]));
    let new = sealed(&ring(&[("b", SECOND)]));
    let (file, looks) = (Arc::new(Mutex::new(setting(&[("a", FIRST)]))), Arc::new(AtomicUsize::new(0)));
    let asked = Arc::new(AtomicUsize::new(0));
    let (taking, from, counting, asking) =
        (Arc::downgrade(&old), Arc::clone(&file), Arc::clone(&looks), Arc::clone(&asked));
    old.look_for_unknown_ids(move || {
        if counting.fetch_add(1, Relaxed) == 1 {
            // Until the others have come, too.
            while asking.load(Relaxed) < AT_ONCE {
                std::thread::yield_now();
            }
        }
        let _ = taking.upgrade().unwrap().take(&from.lock().unwrap());
    });
    assert!(old.open(Kind::Tokens, &FELIX, &new).is_err());
    *file.lock().unwrap() = setting(&[("a", FIRST), ("b", SECOND)]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                asked.fetch_add(1, Relaxed);
                assert!(old.open(Kind::Tokens, &FELIX, &new).is_ok(), "one waits for another's look");
            });
        }
    });
    assert_eq!(looks.load(Relaxed), 2, "what one look has found is looked for again");
    let unknown = sealed(&ring(&[("c", [7; KEY_LEN])]));
    let began = std::time::Instant::now();
    for _ in 0..1_000 {
        assert!(old.open(Kind::Tokens, &FELIX, &unknown).is_err());
    }
    let most = 2 + 5 + usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!(looks.load(Relaxed) <= most, "{} looks, at most {most}", looks.load(Relaxed));
}
