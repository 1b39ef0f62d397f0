use actix_web::web::Bytes;

use super::*;

fn answer(status: StatusCode, body: &'static [u8]) -> Answer {
    Answer { status, headers: HeaderMap::new(), body: Bytes::from_static(body) }
}

#[test]
fn a_refusal_is_read_as_far_as_it_goes() {
    let ours = refusal(&answer(
        StatusCode::BAD_REQUEST,
        br#"{"error":{"name":"InputError","message":"Pick one.","code":"unknown_cluster"},"response":{"statusCode":400}}"#,
    ));
    assert_eq!(ours.code, Some(Code::UnknownCluster));
    assert_eq!(ours.to_string(), "Pick one. (unknown_cluster)");
    let newer = refusal(&answer(
        StatusCode::CONFLICT,
        br#"{"error":{"name":"ConflictError","message":"New.","code":"newer_than_we"}}"#,
    ));
    assert_eq!((newer.code, newer.to_string()), (None, "New.".to_owned()));
    let proxys = refusal(&answer(StatusCode::BAD_GATEWAY, b"<html>"));
    assert_eq!(proxys.to_string(), "answered with status 502");
}

#[test]
fn a_retry_after_counts_in_seconds() {
    let mut limited = answer(StatusCode::TOO_MANY_REQUESTS, b"");
    limited.headers.insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("7"));
    assert_eq!(refusal(&limited).retry_after, Some(Duration::from_secs(7)));
}
