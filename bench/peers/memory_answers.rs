//! actix-web as it is, for `make bench`: a token for a bearer, from memory, with no check, no store and no other route. Also the bare
//! listener beside the helper's start.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::ExitCode;

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// As long as a login's ID token.
const TOKEN_BYTES: usize = 1_100;

type Tokens = HashMap<String, String>;

async fn token(request: HttpRequest, tokens: web::Data<Tokens>) -> HttpResponse {
    let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match bearer.and_then(|bearer| tokens.get(bearer)) {
        Some(token) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(
            serde_json::json!({ "token": token, "expiresAt": "2030-01-01T00:00:00Z", "cluster": "dev", "kind": "id_token" }),
        ),
        None => HttpResponse::Unauthorized().finish(),
    }
}

#[actix_web::main]
async fn main() -> ExitCode {
    // Behind the name of the program.
    let mut arguments = std::env::args().skip(1);
    let (Some(Ok(address)), bearer) =
        (arguments.next().map(|text| text.parse::<SocketAddr>()), arguments.next().unwrap_or_default())
    else {
        return ExitCode::from(2);
    };
    let tokens: web::Data<Tokens> =
        web::Data::new([(format!("Bearer {bearer}"), "x".repeat(TOKEN_BYTES))].into());
    let serve =
        HttpServer::new(move || App::new().app_data(tokens.clone()).route("/token", web::get().to(token)))
            .workers(1)
            .bind(address);
    match serve {
        Ok(server) => server.run().await.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
        Err(_) => ExitCode::FAILURE,
    }
}
