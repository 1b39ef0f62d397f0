//! The routes of a login.

pub mod answers;
pub mod backstage_callback;
pub mod confirm;
pub mod deferred_redirect;
pub mod form_tokens;
pub mod guard;
pub mod login_lookup;
pub mod methods;
pub mod pages;
pub mod redirect;
pub mod server;

use actix_web::web;

use self::methods::{get, post};

/// The largest form that is read, in bytes.
const FORM_LIMIT: usize = 4096;

/// All routes of the `login` role. The logins are in the application data.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(get("/", web::get().to(redirect::handle))).configure(shared_routes);
}

/// The routes that both roles share, which are all but the redirect URI's.
pub fn shared_routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::FormConfig::default().limit(FORM_LIMIT))
        .service(get("/go/{secret}", web::get().to(confirm::go)))
        .service(post("/continue", web::post().to(confirm::click)))
        .service(get("/backstage/callback", web::get().to(backstage_callback::handle)))
        .default_service(web::to(redirect::handle_other_path));
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::Arc;

    use actix_web::body::MessageBody;
    use actix_web::dev::Service;
    use actix_web::http::header::{LOCATION, SET_COOKIE};
    use actix_web::http::{Method, StatusCode};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, HttpResponse};
    use futures_util::FutureExt;
    use futures_util::future::LocalBoxFuture;
    use tokio::sync::mpsc;

    use super::guard::{self, AllowedHosts};
    use super::login_lookup::LoginLookup;
    use super::redirect::Index;
    use super::*;
    use crate::helper::callback::{Callback, Consent};
    use crate::helper::login::single_login::SingleLogin;
    use crate::helper::session::example_login::{auth_url, example_login, state};
    use crate::helper::session::outcome::Outcome;
    use crate::helper::session::pending_login::{PendingLogin, Progress};
    use crate::protocol::ExchangeRequest;
    use crate::random::SystemRandom;

    const HOST: (&str, &str) = ("Host", "localhost:8000");
    const OWN_PAGE: [(&str, &str); 2] =
        [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:8000")];

    type Call = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, HttpResponse>>;

    struct Helper {
        login: Arc<PendingLogin>,
        callbacks: mpsc::UnboundedReceiver<Callback>,
        call: Call,
    }

    async fn helper(consent: Consent) -> Helper {
        let (login, callbacks) = example_login(consent);
        let single_login = Arc::new(SingleLogin::new(Arc::new(SystemRandom)));
        let login = Arc::clone(single_login.begin_login(login));
        let logins: Arc<dyn LoginLookup> = Arc::<SingleLogin>::clone(&single_login);
        let index: Arc<dyn Index> = single_login;
        let app = App::new()
            .app_data(web::Data::from(logins))
            .app_data(web::Data::from(index))
            .app_data(web::Data::new(AllowedHosts::new(8000, &["helper.internal".to_owned()])))
            .wrap(from_fn(guard::check))
            .configure(configure);
        let service = Rc::new(init_service(app).await);
        let call = move |request: TestRequest| {
            let service = Rc::clone(&service);
            async move { service.call(request.to_request()).await.unwrap().into_parts().1 }.boxed_local()
        };
        Helper { login, callbacks, call: Box::new(call) }
    }

    impl Helper {
        async fn call(&self, request: TestRequest) -> HttpResponse {
            (self.call)(request).await
        }

        async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> HttpResponse {
            let request = TestRequest::get().uri(path).insert_header(HOST);
            self.call(with(request, headers)).await
        }

        async fn click(&self, body: String, headers: &[(&'static str, &str)]) -> HttpResponse {
            let request = TestRequest::post().uri("/continue").insert_header(HOST);
            let form = ("Content-Type", "application/x-www-form-urlencoded");
            self.call(with(request, headers).insert_header(form).set_payload(body)).await
        }

        fn link(&self) -> String {
            self.login.link().expose().trim_start_matches("http://localhost:8000").to_owned()
        }

        fn cookie(&self) -> String {
            format!("{}={}", self.login.cookie().name, self.login.cookie().value.expose())
        }
    }

    fn with(request: TestRequest, headers: &[(&'static str, &str)]) -> TestRequest {
        headers.iter().fold(request, |request, header| request.insert_header(*header))
    }

    fn text(answer: HttpResponse) -> String {
        String::from_utf8(answer.into_body().try_into_bytes().unwrap().to_vec()).unwrap()
    }

    fn callback() -> String {
        format!("/?code=a-code&state={}", state())
    }

    #[actix_web::test]
    async fn only_the_hosts_of_this_machine_and_named_ones_are_answered() {
        let helper = helper(Consent::Given).await;
        for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LocalHost:8000", "helper.internal"] {
            let answer = helper.call(TestRequest::get().uri("/").insert_header(("Host", host))).await;
            assert_eq!(answer.status(), StatusCode::OK, "{host}");
        }
        for host in ["evil.example:8000", "localhost", "localhost:8001", "localhost:8000.evil.example", ""] {
            let answer = helper.call(TestRequest::get().uri("/").insert_header(("Host", host))).await;
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        let page =
            text(helper.call(TestRequest::get().insert_header(("Host", "devbox.internal:8000"))).await);
        for words in
            ["data-outcome=\"wrong-host\"", "ALLOWED_HOSTS=devbox.internal<", "http://localhost:8000/"]
        {
            assert!(page.contains(words), "{words} is not in {page}");
        }
        let markup = text(helper.call(TestRequest::get().insert_header(("Host", "<b>x</b>"))).await);
        assert!(!markup.contains("<b>x") && markup.contains("ALLOWED_HOSTS=NAME"), "{markup}");
        let twice = TestRequest::get().insert_header(HOST).append_header(("Host", "evil.example"));
        assert_eq!(helper.call(twice).await.status(), StatusCode::MISDIRECTED_REQUEST);
    }

    #[actix_web::test]
    async fn every_answer_is_hardened() {
        let helper = helper(Consent::Needed).await;
        let foreign = TestRequest::get().insert_header(("Host", "evil.example"));
        let answers = [
            helper.get("/", &[]).await,
            helper.get("/nothing", &[]).await,
            helper.get(&helper.link(), &[]).await,
            helper.click(String::new(), &[]).await,
            helper.call(TestRequest::put().uri("/").insert_header(HOST)).await,
            helper.call(foreign).await,
        ];
        for answer in answers {
            let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("x-frame-options"), "DENY");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert!(header("content-security-policy").starts_with("default-src 'none'"));
            // The confirm page must send its origin, and its form leads to a redirect.
            let is_form = header("referrer-policy") == "same-origin";
            assert_eq!(is_form, !header("content-security-policy").contains("form-action"));
            assert_eq!(is_form, text(answer).contains("<form"));
        }
    }

    #[actix_web::test]
    async fn what_is_not_a_navigation_uses_nothing_up() {
        let mut helper = helper(Consent::Given).await;
        let cookie = helper.cookie();
        for purpose in [("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch"), ("X-Moz", "prefetch")]
        {
            let answer = helper.get(&callback(), &[("Cookie", &cookie), purpose]).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{purpose:?}");
        }
        for (method, status) in [
            (Method::HEAD, StatusCode::OK),
            (Method::OPTIONS, StatusCode::NO_CONTENT),
            (Method::POST, StatusCode::METHOD_NOT_ALLOWED),
            (Method::DELETE, StatusCode::METHOD_NOT_ALLOWED),
        ] {
            let request = TestRequest::with_uri(&callback()).method(method).insert_header(HOST);
            let answer = helper.call(request.insert_header(("Cookie", cookie.as_str()))).await;
            assert_eq!(answer.status(), status);
        }
        assert!(matches!(helper.login.progress(), Progress::Waiting));
        assert!(helper.callbacks.try_recv().is_err());
    }

    #[actix_web::test]
    async fn a_callback_counts_once_and_shows_the_outcome_as_often_as_asked() {
        let mut helper = helper(Consent::Given).await;
        let cookie = helper.cookie();
        assert_eq!(helper.get(&callback(), &[]).await.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            helper.get("/?code=a&state=b", &[("Cookie", &cookie)]).await.status(),
            StatusCode::BAD_REQUEST
        );
        assert!(helper.callbacks.try_recv().is_err());

        let away = text(helper.get(&callback(), &[("Cookie", &cookie)]).await);
        assert!(
            away.contains("data-outcome=\"backend-away\"") && away.contains("http-equiv=\"refresh\""),
            "{away}"
        );
        let accepted = helper.callbacks.try_recv().unwrap();
        assert!(
            matches!(accepted.request, ExchangeRequest::Granted(granted) if granted.code.expose() == "a-code")
        );

        helper.login.end(Outcome::Denied);
        for _ in 0..2 {
            let page = text(helper.get(&callback(), &[("Cookie", &cookie)]).await);
            assert!(page.contains("data-outcome=\"refused\""), "{page}");
        }
        assert!(helper.callbacks.try_recv().is_err());
    }

    #[actix_web::test]
    async fn the_link_leads_on_with_the_cookie_and_nothing_else_tells_the_way() {
        let helper = helper(Consent::Given).await;
        assert_eq!(helper.get("/go/another", &[]).await.status(), StatusCode::NOT_FOUND);
        assert!(!text(helper.get("/", &[]).await).contains("idp.example/"));
        let answer = helper.get(&helper.link(), &[]).await;
        assert_eq!(answer.headers().get(LOCATION).unwrap().to_str().unwrap(), auth_url());
        let cookie = answer.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
        assert_eq!(cookie, format!("{}; HttpOnly; SameSite=Lax; Path=/; Max-Age=300", helper.cookie()));
    }

    #[actix_web::test]
    async fn a_link_under_another_name_moves_to_the_name_that_the_redirect_comes_back_to() {
        let helper = helper(Consent::Given).await;
        let request = TestRequest::get().uri(&helper.link()).insert_header(("Host", "127.0.0.1:8000"));
        let answer = helper.call(request).await;
        assert_eq!(answer.headers().get(LOCATION).unwrap().to_str().unwrap(), helper.login.link().expose());
        assert!(answer.headers().get(SET_COOKIE).is_none());
    }

    #[actix_web::test]
    async fn only_a_click_on_our_own_page_confirms_and_only_once() {
        let helper = helper(Consent::Needed).await;
        let page = text(helper.get(&helper.link(), &[]).await);
        assert!(page.contains("user:default/felix") && page.contains("https://backstage.example"), "{page}");
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let csrf = format!("csrf={token}");
        let [same_site, origin] = OWN_PAGE;
        for headers in [
            vec![],
            vec![origin],
            vec![same_site],
            vec![same_site, ("Origin", "null")],
            vec![same_site, ("Origin", "http://127.0.0.1:8000")],
            vec![("Sec-Fetch-Site", "cross-site"), origin],
        ] {
            let answer = helper.click(csrf.clone(), &headers).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{headers:?}");
        }
        for body in [String::new(), "csrf=".to_owned(), format!("csrf={}", "x".repeat(43))] {
            assert_eq!(helper.click(body, &OWN_PAGE).await.status(), StatusCode::FORBIDDEN);
        }
        assert_eq!(helper.login.consent(), Consent::Needed);
        let answer = helper.click(csrf.clone(), &OWN_PAGE).await;
        assert_eq!(answer.headers().get(LOCATION).unwrap().to_str().unwrap(), auth_url());
        assert!(answer.headers().get(SET_COOKIE).is_some());
        assert_eq!(helper.login.consent(), Consent::Given);
        assert_eq!(helper.click(csrf, &OWN_PAGE).await.status(), StatusCode::FORBIDDEN);
    }
}
