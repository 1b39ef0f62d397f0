//! The one-time tokens of the button on the helper's own page. They are in the store, so that any replica accepts them.

use std::sync::Arc;
use std::time::Duration;

use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::WireSecret;
use crate::random::{Random, random_secret, sha256};
use crate::store::{Store, StoreError, Swap};

/// What a page with the button shows about its Backstage. The names of the variants are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonPage {
    /// The address for comparison: the click confirms it.
    Asks,
    /// The address only: it was confirmed before.
    Trusts,
}

/// Issues and redeems the tokens.
pub struct FormTokens {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    /// The Backstage that the pages name; empty if there is none.
    backstage_url: String,
    life: Duration,
}

fn place(token: &WireSecret) -> String {
    format!("helper:form:{}", sha256(token.expose().as_bytes()))
}

impl FormTokens {
    /// For pages that name this Backstage; each token is valid for `life`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
        backstage_url: Option<&str>,
        life: Duration,
    ) -> Self {
        Self { store, random, backstage_url: backstage_url.unwrap_or_default().to_owned(), life }
    }

    /// A token for the form of one page.
    ///
    /// # Errors
    /// When the store does not answer, and without randomness.
    pub async fn issue(&self, page: ButtonPage) -> Result<WireSecret, Unavailable> {
        let token = random_secret(self.random.as_ref())?;
        self.store.put(&place(&token), &self.issued(page), self.life).await?;
        Ok(token)
    }

    /// Redeems a token, and returns the page that it was issued for.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn redeem(&self, token: &WireSecret) -> Result<Option<ButtonPage>, StoreError> {
        for page in [ButtonPage::Trusts, ButtonPage::Asks] {
            if self.store.delete_seen(&place(token), &self.issued(page)).await? == Swap::Done {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// The record of a token: the Backstage that its page names, so that the login cannot go to another one, and the kind of page.
    fn issued(&self, page: ButtonPage) -> Vec<u8> {
        format!("{page:?} {}", self.backstage_url).into_bytes()
    }
}
