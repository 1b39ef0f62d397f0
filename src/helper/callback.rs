//! Callbacks, the requests that a redirect of the identity provider or of Backstage makes, and how they are checked.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::protocol::{ExchangeRequest, Granted, Refused, WireSecret};
use crate::random::sha256;

/// The parameters of a redirect (RFC 6749, 4.1.2 and 4.1.2.1; RFC 9207).
const PARAMETERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// Whether the user has confirmed that this login is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consent {
    /// Another person may have begun the session, so the user is asked.
    Needed,
    /// Begun with the user's own credentials, or confirmed.
    Given,
}

/// The cookie that proves that a callback comes from the browser that got this state.
pub struct StateCookie {
    /// `ocb_` and the hash of the state.
    pub name: String,
    /// Random.
    pub value: WireSecret,
}

impl StateCookie {
    /// The name of the cookie that belongs to a state.
    #[must_use]
    pub fn name_for(state: &WireSecret) -> String {
        format!("ocb_{}", sha256(state.expose().as_bytes()))
    }
}

/// What a callback must match to count.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The state of the authorization request.
    pub state: &'a WireSecret,
    /// The cookie that the browser got with it.
    pub cookie: &'a StateCookie,
    /// Whether the user has confirmed that the login is theirs.
    pub consent: Consent,
}

/// Where a callback comes from, with its proof.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// A browser's request, with the values of all cookies of the expected name.
    Cookies(&'a [String]),
    /// The user pasted it into the terminal in which the login runs.
    Terminal,
}

/// Why a callback is refused. The pending login continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCallback {
    /// The state is missing, repeated or wrong.
    #[error("it does not belong to the login under way")]
    WrongState,
    /// The state is right, but the browser is not the one that was sent to the identity provider.
    #[error("it comes from a browser in which this login was not begun")]
    NoCookie,
    /// The user has not confirmed the login yet.
    #[error(
        "the account has not been confirmed yet: type the words that are shown, or click Continue on the helper's page first"
    )]
    NotConfirmed,
    /// Neither a code nor an error, both, or one of them twice.
    #[error("it carries neither one authorization code nor one error")]
    Malformed,
}

/// How an answer reached the helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// From a browser, which waits for a page.
    Browser,
    /// Typed or pasted into the terminal.
    Terminal,
}

/// A callback that was checked and accepted.
pub struct Callback {
    /// The request to the backend that it makes.
    pub request: ExchangeRequest,
    /// How it came.
    pub channel: Channel,
}

/// Checks a query: none if it has no parameter of a redirect, else the code or the error in it.
///
/// # Errors
/// As the variants of [`BadCallback`] say. The state is compared first and in constant time.
pub fn judge(
    query: &str,
    expected: Expected<'_>,
    proof: Proof<'_>,
) -> Result<Option<ExchangeRequest>, BadCallback> {
    let parameters = Parameters::read(query);
    if parameters.0.is_empty() {
        return Ok(None);
    }
    let state = parameters.once("state").ok().flatten().map(WireSecret::from);
    let state = state.filter(|state| state.equals(expected.state));
    let state = state.ok_or(BadCallback::WrongState)?;
    match proof {
        Proof::Cookies(values) if !is_among(expected.cookie, values) => return Err(BadCallback::NoCookie),
        Proof::Terminal if expected.consent == Consent::Needed => {
            return Err(BadCallback::NotConfirmed);
        }
        Proof::Cookies(_) | Proof::Terminal => {}
    }
    parameters.into_request(state).map(Some)
}

/// The state in a query; none if it has no parameter of a redirect.
///
/// # Errors
/// [`BadCallback::WrongState`] when a redirect has none, or two.
pub fn state_of(query: &str) -> Result<Option<WireSecret>, BadCallback> {
    let parameters = Parameters::read(query);
    if parameters.0.is_empty() {
        return Ok(None);
    }
    let state = parameters.once("state").ok().flatten();
    state.map(|state| Some(state.into())).ok_or(BadCallback::WrongState)
}

fn is_among(cookie: &StateCookie, values: &[String]) -> bool {
    values.iter().any(|value| cookie.value.equals(&WireSecret::from(value.as_str())))
}

/// The parameters of a redirect; others are ignored.
struct Parameters<'q>(Vec<(Cow<'q, str>, Cow<'q, str>)>);

impl<'q> Parameters<'q> {
    fn read(query: &'q str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self(pairs.filter(|(name, _)| PARAMETERS.contains(&name.as_ref())).collect())
    }

    /// A parameter's value; a repeated one is an error (RFC 6749, 3.1).
    fn once(&self, name: &str) -> Result<Option<&str>, BadCallback> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_ref());
        let first = values.next();
        if values.next().is_some() { Err(BadCallback::Malformed) } else { Ok(first) }
    }

    fn into_request(self, state: WireSecret) -> Result<ExchangeRequest, BadCallback> {
        let iss = self.once("iss")?.map(str::to_owned);
        let error_description = self.once("error_description")?.map(str::to_owned);
        match (self.once("code")?, self.once("error")?) {
            (Some(code), None) if !code.is_empty() => {
                Ok(ExchangeRequest::Granted(Granted { code: code.into(), state, iss }))
            }
            (None, Some(error)) if !error.is_empty() => {
                Ok(ExchangeRequest::Refused(Refused { error: error.to_owned(), error_description, state }))
            }
            _ => Err(BadCallback::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::session::example_login::{self, example_login};

    fn state() -> String {
        format!("state={}", example_login::state())
    }

    fn judge_with_cookie(query: &str) -> Result<Option<ExchangeRequest>, BadCallback> {
        let (login, _) = example_login(Consent::Given);
        let values = ["other".to_owned(), login.cookie().value.expose().to_owned()];
        judge(query, login.expected(), Proof::Cookies(&values))
    }

    #[test]
    fn a_code_or_an_error_of_this_login_is_taken() {
        let granted = judge_with_cookie(&format!("code=a%2Fb&{}&iss=https%3A%2F%2Fidp", state())).unwrap();
        assert!(
            matches!(granted, Some(ExchangeRequest::Granted(g)) if g.code.expose() == "a/b" && g.iss.as_deref() == Some("https://idp"))
        );
        let refused =
            judge_with_cookie(&format!("error=access_denied&error_description=no+way&{}", state())).unwrap();
        assert!(
            matches!(refused, Some(ExchangeRequest::Refused(r)) if r.error == "access_denied" && r.error_description.as_deref() == Some("no way"))
        );
    }

    #[test]
    fn no_parameter_of_a_redirect_is_no_redirect() {
        assert!(judge_with_cookie("").unwrap().is_none());
        assert!(judge_with_cookie("utm=1").unwrap().is_none());
    }

    #[test]
    fn the_state_comes_before_everything_else() {
        let other = "t".repeat(43);
        for query in [
            "code=a".to_owned(),
            "error=access_denied".to_owned(),
            "code=a&state=".to_owned(),
            format!("code=a&state={other}"),
            format!("error=x&code=a&state={other}"),
            format!("code=a&{}&{}", state(), state()),
            format!("code=a&{}&state={other}", state()),
        ] {
            assert_eq!(judge_with_cookie(&query).err(), Some(BadCallback::WrongState), "{query}");
        }
    }

    #[test]
    fn the_right_state_without_the_cookie_does_not_count() {
        let (login, _) = example_login(Consent::Given);
        let query = format!("code=a&{}", state());
        for values in [vec![], vec!["other".to_owned()]] {
            assert_eq!(
                judge(&query, login.expected(), Proof::Cookies(&values)).err(),
                Some(BadCallback::NoCookie),
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_pasted_address_needs_no_cookie_but_the_confirmation() {
        let query = format!("code=a&{}", state());
        let judged = |consent| judge(&query, example_login(consent).0.expected(), Proof::Terminal);
        assert!(judged(Consent::Given).unwrap().is_some());
        let unconfirmed = judged(Consent::Needed);
        assert_eq!(unconfirmed.err(), Some(BadCallback::NotConfirmed));
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for rest in ["", "code=", "code=a&error=b", "code=a&code=b", "code=a&iss=x&iss=y"] {
            let query = format!("{}&{rest}", state());
            assert_eq!(judge_with_cookie(&query).err(), Some(BadCallback::Malformed), "{query}");
        }
    }
}
