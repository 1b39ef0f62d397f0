//! The answers that more than one route gives.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::onward::{Onward, Signpost};
use super::pages;

/// Where a browser that waits goes on, as soon as it is known.
pub async fn follow(signpost: &Signpost) -> HttpResponse {
    match signpost.read().await {
        Onward::To(link) => HttpResponse::SeeOther().insert_header((LOCATION, link.expose())).finish(),
        Onward::Nowhere(sentence) => pages::sign_in_failed(&sentence).into_response(),
    }
}
