//! What a backend of this process has beside it: the keys of a Backstage, and an API server that looks at tokens by the test's clock.

use std::sync::Arc;

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

/// Both, on one port.
pub struct Neighbours {
    /// Where they are.
    pub url: String,
    /// Felix' sign-in.
    pub user_token: String,
    /// What Backstage's Kubernetes plugin has on his behalf.
    pub plugin_token: String,
}

impl Neighbours {
    /// Starts them; they end with the test.
    pub fn start(clock: &Arc<ClockAhead>) -> Self {
        let (pair, key) = key_pair();
        let now = clock.now().unix_timestamp();
        let signed = |typ: &str, claims: Value| {
            let mut header = Header::new(Algorithm::ES256);
            (header.typ, header.kid) = (Some(typ.to_owned()), Some("test".to_owned()));
            let mut all = json!({ "iat": now, "exp": now + LIFE });
            all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            jsonwebtoken::encode(&header, &all, &pair).unwrap()
        };
        let limited = signed("vnd.backstage.limited-user", json!({ "sub": FELIX }));
        let plugin = json!({ "sub": "kubernetes", "aud": "cluster-auth", "obo": limited });
        Self {
            url: serve(Arc::clone(clock), json!({ "keys": [key] })),
            user_token: signed("vnd.backstage.user", json!({ "sub": FELIX, "aud": "backstage" })),
            plugin_token: signed("vnd.backstage.plugin", plugin),
        }
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

fn serve(clock: Arc<ClockAhead>, keys: Value) -> String {
    let app = move || {
        App::new()
            .app_data(Data::new(keys.clone()))
            .app_data(Data::from(Arc::clone(&clock)))
            .route("/api/auth/.well-known/jwks.json", get().to(published))
            .route("/api/kubernetes/.backstage/auth/v1/jwks.json", get().to(published))
            .route("/api/v1/pods", get().to(pods))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    drop(actix_web::rt::spawn(server.run()));
    format!("http://{address}")
}

async fn published(keys: Data<Value>) -> HttpResponse {
    HttpResponse::Ok().json(keys.as_ref())
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
