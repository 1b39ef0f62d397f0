//! Which of two logins of a person is worth more.

use super::LiveLogin;

impl LiveLogin {
    /// Whether this login is worth more than one that is brought from elsewhere: it stays in its place then.
    #[must_use]
    pub fn is_better_than(&self, brought: &Self) -> bool {
        let (old, new) = (&self.tokens, &brought.tokens);
        self.issued_to == brought.issued_to
            && new.refresh_token.is_none()
            && match (&old.refresh_token, &self.failing) {
                (Some(_), None) => true,
                (Some(_), Some(_)) | (None, _) => old.expires_at >= new.expires_at,
            }
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use crate::backend::assembly::example_backend::example_login;
    use crate::backend::logins::backoff::Trouble;
    use crate::random::SystemRandom;

    #[test]
    fn a_login_that_is_refreshed_or_lasts_longer_is_better_than_one_that_is_brought_without() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let refreshed = example_login("felix", start);
        let mut short = refreshed.clone();
        short.tokens.refresh_token = None;
        let mut long = short.clone();
        long.tokens.expires_at += time::Duration::HOUR;
        let failing = refreshed.clone().after(Trouble::Unreachable, None, start, &SystemRandom);
        let mut others = refreshed.clone();
        others.issued_to.subject = "mara".to_owned();
        for (number, (held, brought, stays)) in [
            (&refreshed, &long, true),
            (&long, &short, true),
            (&short, &short, true),
            (&short, &long, false),
            (&failing, &long, false),
            (&refreshed, &refreshed, false),
            (&others, &short, false),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(held.is_better_than(brought), stays, "{number}");
        }
    }
}
