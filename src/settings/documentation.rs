//! The examples in config/ and the tables of docs/settings.md name the variables that the roles read: all, and no others.

use std::collections::BTreeSet;
use std::path::Path;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};

use super::backend::BackendVariables;
use super::cluster::ClusterVariables;
use super::example_variables;
use super::login::LoginSettings;
use super::proxy::ProxyVariables;

/// What logs read, in every role, before there are settings.
const OF_ALL_ROLES: [&str; 4] = ["LOG_FORMAT", "RUST_LOG", "SSL_CERT_DIR", "SSL_CERT_FILE"];

/// What an example cannot set beside the rest: one replaces Backstage, the other the cluster's own variables.
const ONLY_IN_WORDS: [&str; 2] = ["CLUSTER_AUTH_DEV_USER", "CONFIG_FILE"];

/// Reads nothing, but notes which fields a struct asks for.
struct AskedFor<'a>(&'a mut BTreeSet<String>);

impl<'de> Deserializer<'de> for AskedFor<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields.iter().map(|field| field.to_uppercase()));
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn variables_of<T: DeserializeOwned>() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    assert!(T::deserialize(AskedFor(&mut names)).is_err());
    assert!(!names.is_empty());
    names
}

fn example(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file);
    example_variables(&path).into_iter().map(|(name, _)| name).collect()
}

/// The names in the first column of a chapter's table.
fn documented(chapter: &str) -> BTreeSet<String> {
    let page = include_str!("../../docs/settings.md");
    let (_, text) = page.split_once(&format!("\n## {chapter}\n")).expect("the chapter is there");
    let text = text.split("\n## ").next().unwrap();
    let first_cells = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    first_cells.map(str::to_owned).collect()
}

#[test]
fn the_page_on_settings_names_every_variable_and_no_other() {
    assert_eq!(documented("The login role"), variables_of::<LoginSettings>());
    assert_eq!(documented("The proxy role"), variables_of::<ProxyVariables>());
    assert_eq!(documented("The backend role"), variables_of::<BackendVariables>());
    assert_eq!(documented("A cluster of the backend"), variables_of::<ClusterVariables>());
    assert_eq!(documented("All roles"), OF_ALL_ROLES.map(str::to_owned).into());
}

#[test]
fn the_examples_show_every_variable_and_no_other() {
    let backend = &variables_of::<BackendVariables>() | &variables_of::<ClusterVariables>();
    let in_words = ONLY_IN_WORDS.map(str::to_owned).into();
    assert_eq!(example("backend.env"), &backend - &in_words);
    assert_eq!(example("login.env"), variables_of::<LoginSettings>());
    assert_eq!(example("proxy.env"), variables_of::<ProxyVariables>());
}
