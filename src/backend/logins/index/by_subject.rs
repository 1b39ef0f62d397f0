//! The logins of one subject at one client of an issuer, of any Backstage user and at any cluster. Many identity providers end all
//! of them when one token is revoked, so that a revocation looks here first.
//!
//! An entry may be left over from a login that has ended: readers look at its record.

use super::{BY_SUBJECT, LoginIndex};
use crate::backend::logins::{IssuedTo, LoginKey};
use crate::random::sha256;
use crate::store::{Names, StoreError};

/// How many entries are read at a time.
const PAGE: usize = 100;

impl IssuedTo {
    /// What stands for issuer, client and subject: of one length, and no text of the identity provider's.
    fn name(&self) -> String {
        let Self { issuer, client_id, subject } = self;
        sha256(serde_json::json!([issuer, client_id, subject]).to_string().as_bytes())
    }

    /// The entry of one of its logins.
    pub(super) fn member(&self, key: &LoginKey) -> String {
        format!("{}|{}", self.name(), key.member())
    }
}

impl LoginIndex {
    /// A page of its logins, behind the last one of the page before; an empty one is the end.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn of_subject(
        &self,
        subject: &IssuedTo,
        after: Option<&LoginKey>,
    ) -> Result<Vec<LoginKey>, StoreError> {
        // The brace is the next character after the bar.
        let name = subject.name();
        let first = after.map_or_else(|| format!("{name}|"), |key| subject.member(key));
        let names = Names { after: &first, before: Some(&format!("{name}}}")) };
        let members = self.store.named(BY_SUBJECT, names, PAGE).await?;
        let keys = members.iter().filter_map(|member| member.split_once('|'));
        Ok(keys.filter_map(|(_, login)| Some(LoginKey::of_member(login)?.1)).collect())
    }

    /// Takes out a login that is not the subject's any more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn take_out_of_subject(&self, subject: &IssuedTo, key: &LoginKey) -> Result<(), StoreError> {
        self.store.unnote(BY_SUBJECT, &subject.member(key)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::{ExampleBackend, example_login};
    use crate::clock::Clock;

    #[actix_web::test]
    async fn the_logins_of_one_subject_are_found_page_by_page_and_no_others() {
        let example = ExampleBackend::new();
        let now = example.clock.now();
        let (felix, mara) = (example_login("felix", now), example_login("mara", now));
        let mut keys = Vec::new();
        for number in 0..=PAGE {
            let user = format!("user:default/person-{number:04}").parse().unwrap();
            keys.push(LoginKey::new(&user, "dev"));
        }
        for key in &keys {
            example.index.kept(key, &felix).await;
        }
        let of_mara = LoginKey::new(&"user:default/mara".parse().unwrap(), "dev");
        example.index.kept(&of_mara, &mara).await;

        let first = example.index.of_subject(&felix.issued_to, None).await.unwrap();
        let second = example.index.of_subject(&felix.issued_to, first.last()).await.unwrap();
        assert_eq!([first, second.clone()].concat(), keys);
        assert!(example.index.of_subject(&felix.issued_to, second.last()).await.unwrap().is_empty());
        assert_eq!(example.index.of_subject(&mara.issued_to, None).await.unwrap(), [of_mara]);
    }
}
