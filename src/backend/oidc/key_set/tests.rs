//! Which published key a token was signed with.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{EncodingKey, Validation};
use prometheus::HistogramOpts;
use serde_json::json;

use super::*;
use crate::store::contract::ChosenClock;

/// A key pair, with its public half as it is published.
struct Signer {
    signs: EncodingKey,
    published: Value,
}

impl Signer {
    fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let public = pair.public_key();
        let part = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let n = part(public.modulus().big_endian_without_leading_zero());
        let e = part(public.exponent().big_endian_without_leading_zero());
        let published = json!({"kty": "RSA", "n": n, "e": e});
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        Self { signs: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), published }
    }

    fn p256() -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        // 4, then both coordinates.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let part = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let published = json!({"kty": "EC", "crv": "P-256", "x": part(x), "y": part(y)});
        Self { signs: EncodingKey::from_ec_der(pkcs8.as_ref()), published }
    }

    fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let published = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        Self { signs: EncodingKey::from_ed_der(pkcs8.as_ref()), published }
    }

    /// What it publishes, with these members on top.
    fn with(&self, more: Value) -> Value {
        let mut published = self.published.clone();
        let (Value::Object(all), Value::Object(more)) = (&mut published, more) else { unreachable!() };
        all.extend(more);
        published
    }

    fn token(&self, algorithm: Algorithm, kid: Option<&str>) -> (Header, String) {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
        let token = jsonwebtoken::encode(&header, &json!({}), &self.signs).unwrap();
        (header, token)
    }
}

fn tried(keys: &[Value], (header, token): &(Header, String)) -> Tried<(), ()> {
    let keys: Vec<Key> = keys.iter().cloned().filter_map(Key::read).collect();
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    Tried::each(&keys, header, |key| {
        jsonwebtoken::decode::<Value>(token, key, &validation).map(|_| ()).map_err(|_| ())
    })
}

fn is_right(keys: &[Value], token: &(Header, String)) -> bool {
    matches!(tried(keys, token).answer, Some(Ok(())))
}

#[test]
fn each_kind_of_key_verifies_with_what_it_can_and_nothing_else() {
    use Algorithm::{ES256, ES384, EdDSA, HS256, PS256, PS512, RS256, RS512};
    let (rsa, p256, ed25519) = (Signer::rsa(), Signer::p256(), Signer::ed25519());
    let can: [(&Signer, &[Algorithm]); 3] =
        [(&rsa, &[RS256, RS512, PS256, PS512]), (&p256, &[ES256]), (&ed25519, &[EdDSA])];
    for (signer, can) in can {
        let key = Key::read(signer.published.clone()).unwrap();
        for algorithm in [RS256, RS512, PS256, PS512, ES256, ES384, EdDSA, HS256] {
            assert_eq!(key.fits(algorithm, None), can.contains(&algorithm), "{algorithm:?}");
        }
        for algorithm in can {
            assert!(
                is_right(std::slice::from_ref(&signer.published), &signer.token(*algorithm, None)),
                "{algorithm:?}"
            );
        }
        // A key's own word narrows it.
        let named = Key::read(signer.with(json!({"alg": format!("{:?}", can[0])}))).unwrap();
        assert_eq!(named.algorithms, [can[0]]);
    }
    assert!(Key::read(json!({"kty": "oct", "k": "AAAA"})).is_none(), "a shared secret is no published key");
}

#[test]
fn keys_of_one_name_that_cannot_be_the_one_are_passed_over() {
    let (right, other) = (Signer::rsa(), Signer::p256());
    let token = right.token(Algorithm::RS256, Some("k"));
    let wrong = [
        other.with(json!({"kid": "k"})),
        right.with(json!({"kid": "k", "use": "enc", "n": "AQAB"})),
        right.with(json!({"kid": "k", "alg": "RSA-OAEP", "n": "AQAB"})),
        right.with(json!({"kid": "k", "key_ops": ["encrypt"], "n": "AQAB"})),
        json!({"kid": "k", "kty": "AKP", "pub": "AAAA"}),
        json!({"kid": "k"}),
    ];
    let all = [&wrong[..], &[right.with(json!({"kid": "k", "use": "sig"}))]].concat();
    assert!(is_right(&all, &token));
    assert!(tried(&wrong, &token).answer.is_none());
}

#[test]
fn without_names_each_key_that_fits_is_tried() {
    let (first, second) = (Signer::rsa(), Signer::rsa());
    let keys = [first.published.clone(), second.published.clone()];
    for signer in [&first, &second] {
        for kid in [None, Some("a name that no key has")] {
            assert!(is_right(&keys, &signer.token(Algorithm::RS256, kid)));
        }
    }
    let stranger = tried(&keys, &Signer::rsa().token(Algorithm::RS256, None));
    assert!(matches!(stranger.answer, Some(Err(()))) && !stranger.is_final(), "they may have changed");
}

#[test]
fn a_named_key_that_is_wrong_is_no_reason_to_ask_again() {
    let signer = Signer::rsa();
    let keys = [signer.with(json!({"kid": "k"}))];
    let wrong = tried(&keys, &Signer::rsa().token(Algorithm::RS256, Some("k")));
    assert!(matches!(wrong.answer, Some(Err(()))) && wrong.is_final());
    let unknown = tried(&keys, &signer.token(Algorithm::RS256, Some("another")));
    assert!(unknown.answer.is_none() && !unknown.is_final());
}

#[test]
fn a_modulus_may_begin_with_zeros() {
    let signer = Signer::rsa();
    let modulus = URL_SAFE_NO_PAD.decode(signer.published["n"].as_str().unwrap()).unwrap();
    let padded = URL_SAFE_NO_PAD.encode([&[0, 0][..], &modulus].concat());
    assert!(is_right(&[signer.with(json!({"n": padded}))], &signer.token(Algorithm::RS256, None)));
}

/// A server that publishes each of these sets once, in turn.
fn publishing(sets: Vec<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for set in sets {
            let (connection, _) = listener.accept().unwrap();
            let mut head = BufReader::new(&connection).lines();
            while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let body = json!({"keys": set}).to_string();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            (&connection).write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    url
}

#[actix_web::test]
async fn a_new_key_is_found_though_the_clock_was_set_back_since_the_last_were_fetched() {
    let signer = Signer::p256();
    let url = publishing(vec![json!([]), json!([signer.with(json!({"kid": "new"}))])]);
    let (clock, client) =
        (Arc::new(ChosenClock::default()), HttpClient::for_loopback(Duration::from_secs(30)));
    let seconds = Histogram::with_opts(HistogramOpts::new("seconds", "x")).unwrap();
    let keys = KeySet::new(Arc::clone(&clock) as _, seconds);
    keys.warm(&url, &client).await.unwrap();
    clock.set_back(Duration::from_hours(1));
    let (header, _) = signer.token(Algorithm::ES256, Some("new"));
    let (answer, copy) = keys.verify(&header, &url, &client, |_| Ok::<_, ()>(())).await.unwrap();
    assert!(matches!(answer, Some(Ok(()))), "the key is said to be unknown");
    assert!(keys.is_current(&copy, &url, &client).await);
}

#[test]
fn who_remembers_a_copy_keeps_none_of_its_keys() {
    let (keys, others) = (Arc::new(Vec::new()), Arc::new(Vec::new()));
    let copy = KeysCopy::of(&keys);
    assert!(copy.is_of(&keys) && !copy.is_of(&others));
    drop(keys);
    assert!(copy.0.upgrade().is_none());
}
