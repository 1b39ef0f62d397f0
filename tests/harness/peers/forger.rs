//! Makes tokens that the running Backstage vouches for, and tokens that it does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::backstage::Backstage;

/// Holds a key of Backstage's.
#[derive(Clone)]
pub struct Forger {
    header: Header,
    claims: BTreeMap<&'static str, Value>,
    keys: PathBuf,
}

impl Forger {
    /// Of Felix's user tokens; right in everything.
    pub fn of_users(backstage: &Backstage) -> Self {
        let claims = [
            ("iss", json!(format!("{}/api/auth", backstage.url))),
            ("sub", json!("user:default/felix")),
            ("aud", json!("backstage")),
        ];
        Self::new("vnd.backstage.user", claims, &backstage.keys)
    }

    /// Of Felix's limited-user tokens; right in everything.
    pub fn of_limited_users(backstage: &Backstage) -> Self {
        Self::new("vnd.backstage.limited-user", [("sub", json!("user:default/felix"))], &backstage.keys)
    }

    /// Of tokens of the plugin `kubernetes` with this `obo`; right in everything else. Signed with the key in that folder.
    pub fn of_plugins(keys: &Path, obo: &str) -> Self {
        let claims = [("sub", json!("kubernetes")), ("aud", json!("cluster-auth")), ("obo", json!(obo))];
        Self::new("vnd.backstage.plugin", claims, keys)
    }

    fn new<const N: usize>(typ: &str, claims: [(&'static str, Value); N], keys: &Path) -> Self {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some("development".to_owned());
        let mut claims = BTreeMap::from(claims);
        claims.extend([("iat", json!(now())), ("exp", json!(now() + 3600))]);
        Self { header, claims, keys: keys.to_owned() }
    }

    /// As it should be.
    pub fn token(&self) -> String {
        let private = PrivatePkcs8KeyDer::from_pem_file(self.keys.join("private.pem")).unwrap();
        let key = EncodingKey::from_ec_der(private.secret_pkcs8_der());
        jsonwebtoken::encode(&self.header, &self.claims, &key).unwrap()
    }

    /// The same but for one claim; null leaves it out.
    pub fn with_claim(&self, name: &'static str, value: Value) -> String {
        let mut other = self.clone();
        other.claims.insert(name, value);
        other.claims.retain(|_, value| !value.is_null());
        other.token()
    }

    /// The same but for something in the header.
    pub fn with_header(&self, change: impl FnOnce(&mut Header)) -> String {
        let mut other = self.clone();
        change(&mut other.header);
        other.token()
    }

    /// Signed with the key in that folder.
    pub fn with_key_in(&self, keys: &Path) -> String {
        Self { keys: keys.to_owned(), ..self.clone() }.token()
    }

    /// Signed with a foreign key under Backstage's `kid`.
    pub fn with_foreign_key(&self) -> String {
        let pair =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let foreign = EncodingKey::from_ec_der(pair.as_ref());
        jsonwebtoken::encode(&self.header, &self.claims, &foreign).unwrap()
    }

    /// An HMAC with the public key as its secret.
    pub fn hs256(&self) -> String {
        let public = std::fs::read(self.keys.join("public.pem")).unwrap();
        let header = Header { alg: Algorithm::HS256, ..self.header.clone() };
        jsonwebtoken::encode(&header, &self.claims, &EncodingKey::from_secret(&public)).unwrap()
    }

    /// The algorithm `none`.
    pub fn unsigned(&self) -> String {
        let header = json!({ "alg": "none", "typ": self.header.typ, "kid": self.header.kid });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(&json!(self.claims)))
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}
