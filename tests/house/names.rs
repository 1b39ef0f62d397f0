//! Names that are no longer wanted, of files, types and functions.

use std::path::Path;

use syn::Ident;
use syn::visit::{self, Visit};

use crate::parsed::parsed;
use crate::sources::Files;

/// A file, with what to do instead.
const FILES: &[(&str, &str)] = &[
    ("utils", "name it after what it holds"),
    ("helpers", "name it after what it holds"),
    ("common", "name it after what it holds"),
    ("mod", "write x.rs beside x/"),
    ("stubborn", "store/write_retry.rs"),
];

/// A type, a function or a constant by its old name, with the field's word.
const NAMES: &[(&str, &str)] = &[
    ("App", "a service that holds only its own parts"),
    ("Clients", "the service that the client belongs to"),
    ("Stage", "SingleLogin"),
    ("ManyLogins", "ProxyLogins"),
    ("Whereabouts", "BrowserState"),
    ("Hand", "StdinSource"),
    ("Mood", "Tone"),
    ("Patience", "Timeouts"),
    ("Pause", "Timer"),
    ("OneFlight", "SingleFlight"),
    ("Grant", "RefreshGrant"),
    ("Trail", "RequestContext"),
    ("Held", "HeldLock, or what it is that is held"),
    ("Installation", "BackendInfo"),
    ("promise", "record"),
    ("carry_out", "execute"),
    ("cross_out", "complete"),
    ("see_through", "run"),
    ("A_USE_STANDS", "USE_RESOLUTION"),
    ("PATIENCE", "TIMEOUT"),
];

/// Every file and every definition with an unwanted name.
pub fn unwanted(files: &Files) -> Vec<String> {
    let mut definitions = Definitions { file: "", found: Vec::new() };
    for (file, text) in files {
        let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if let Some((_, instead)) = FILES.iter().find(|(unwanted, _)| *unwanted == name) {
            definitions.found.push(format!("{file}:1: no file is named {name}: {instead}"));
        }
        definitions.file = file;
        definitions.visit_file(&parsed(file, text));
    }
    definitions.found
}

struct Definitions<'a> {
    file: &'a str,
    found: Vec<String>,
}

impl Definitions<'_> {
    fn look_at(&mut self, name: &Ident) {
        let line = name.span().start().line;
        if let Some((unwanted, instead)) = NAMES.iter().find(|(unwanted, _)| name == unwanted) {
            self.found.push(format!("{}:{line}: {unwanted} is called {instead}", self.file));
        }
    }
}

impl<'ast> Visit<'ast> for Definitions<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.look_at(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.look_at(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.look_at(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.look_at(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.look_at(&item.ident);
        visit::visit_item_const(self, item);
    }

    /// Functions of every kind.
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.look_at(&signature.ident);
        visit::visit_signature(self, signature);
    }
}
