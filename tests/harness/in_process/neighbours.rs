//! What a backend of this process has beside it: the keys of a Backstage, and an API server that looks at tokens by the test's clock.

use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Data, get};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use backstage_oidc_helper::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::ClockAhead;

/// Who logs in.
pub const FELIX: &str = "user:default/felix";

/// Longer than any test lets pass.
const LIFE: i64 = 30 * 24 * 3_600;

/// A plugin of Backstage's that signs tokens; `auth` signs those of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The auth plugin.
    Auth,
    /// The Kubernetes plugin.
    Kubernetes,
}

/// What each of them publishes.
struct Published {
    auth: Mutex<Value>,
    kubernetes: Mutex<Value>,
}

impl Published {
    fn of(&self, signer: Signer) -> MutexGuard<'_, Value> {
        let keys = if signer == Signer::Auth { &self.auth } else { &self.kubernetes };
        keys.lock().unwrap()
    }
}

/// Both, on one port.
pub struct Neighbours {
    /// Where they are.
    pub url: String,
    /// Felix' sign-in.
    pub user_token: String,
    /// What Backstage's Kubernetes plugin has on his behalf.
    pub plugin_token: String,
    published: Arc<Published>,
    key: EncodingKey,
    now: i64,
}

impl Neighbours {
    /// Starts them; they end with the test.
    pub fn start(clock: &Arc<ClockAhead>) -> Self {
        let (key, public) = key_pair();
        let keys = json!({ "keys": [public] });
        let published = Arc::new(Published { auth: Mutex::new(keys.clone()), kubernetes: Mutex::new(keys) });
        let url = serve(Arc::clone(clock), Arc::clone(&published));
        let now = clock.now().unix_timestamp();
        let (user_token, plugin_token) = (String::new(), String::new());
        let unsigned = Self { url, user_token, plugin_token, published, key, now };
        let (user_token, plugin_token) =
            (unsigned.users_token(LIFE, "test"), unsigned.plugins_token(&unsigned.limited_token(LIFE), LIFE));
        Self { user_token, plugin_token, ..unsigned }
    }

    /// Felix' own token, which lives for so many seconds, with that name for its key.
    pub fn users_token(&self, life: i64, kid: &str) -> String {
        self.signed("vnd.backstage.user", kid, life, &json!({ "sub": FELIX, "aud": "backstage" }))
    }

    /// Felix' limited token, as it is inside a plugin's.
    pub fn limited_token(&self, life: i64) -> String {
        self.signed("vnd.backstage.limited-user", "test", life, &json!({ "sub": FELIX }))
    }

    /// The Kubernetes plugin's token with that limited one inside.
    pub fn plugins_token(&self, limited: &str, life: i64) -> String {
        let claims = json!({ "sub": "kubernetes", "aud": "cluster-auth", "obo": limited });
        self.signed("vnd.backstage.plugin", "test", life, &claims)
    }

    /// From now on, this one publishes another key in the place of the one that has signed everything here.
    pub fn withdraw_key(&self, signer: Signer) {
        let (_, mut other) = key_pair();
        other["kid"] = json!("newer");
        *self.published.of(signer) = json!({ "keys": [other] });
    }

    fn signed(&self, typ: &str, kid: &str, life: i64, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some(kid.to_owned()));
        let mut all = json!({ "iat": self.now, "exp": self.now + life });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        jsonwebtoken::encode(&header, &all, &self.key).unwrap()
    }
}

/// A private key, and the public one as Backstage publishes it.
fn key_pair() -> (EncodingKey, Value) {
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let public = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.as_ref()).unwrap();
    // SEC 1, 2.3.3: a byte, and both coordinates.
    let (x, y) = public.public_key().as_ref()[1..].split_at(32);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key =
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "test", "x": part(x), "y": part(y) });
    (EncodingKey::from_ec_der(pair.as_ref()), key)
}

fn serve(clock: Arc<ClockAhead>, published: Arc<Published>) -> String {
    let app = move || {
        App::new()
            .app_data(Data::from(Arc::clone(&published)))
            .app_data(Data::from(Arc::clone(&clock)))
            .route("/api/auth/.well-known/jwks.json", get().to(keys_of_auth))
            .route("/api/kubernetes/.backstage/auth/v1/jwks.json", get().to(keys_of_kubernetes))
            .route("/api/v1/pods", get().to(pods))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    drop(actix_web::rt::spawn(server.run()));
    format!("http://{address}")
}

async fn keys_of_auth(published: Data<Published>) -> HttpResponse {
    HttpResponse::Ok().json(&*published.of(Signer::Auth))
}

async fn keys_of_kubernetes(published: Data<Published>) -> HttpResponse {
    HttpResponse::Ok().json(&*published.of(Signer::Kubernetes))
}

/// No API server takes a token that has expired, or is from the future.
async fn pods(request: HttpRequest, clock: Data<ClockAhead>) -> HttpResponse {
    let bearer = request.headers().get(AUTHORIZATION).unwrap().to_str().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(bearer.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    let moment = |claim: &str| claims[claim].as_i64().unwrap();
    let now = clock.now().unix_timestamp();
    if (moment("iat")..moment("exp")).contains(&now) {
        return HttpResponse::Ok().json(json!({ "kind": "PodList", "items": [] }));
    }
    HttpResponse::Unauthorized()
        .json(json!({ "kind": "Status", "iat": claims["iat"], "exp": claims["exp"], "now": now }))
}
