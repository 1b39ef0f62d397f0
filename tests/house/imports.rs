//! Which module imports which: by `use`, by a path in the code, or by a path in a macro's tokens. What only tests compile does
//! not count.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ImplItemFn, Item, ItemMod, Macro, UseTree, Visibility};

use crate::parsed::{attributes, for_tests, parsed};
use crate::sources::Files;

/// The library by the name under which the program imports it.
const LIBRARY: &str = "backstage_oidc_helper";

/// One module uses another.
#[derive(Clone, Debug)]
pub struct Import {
    /// `backend::tokens`
    pub from: String,
    pub to: String,
    /// `src/backend/tokens.rs:12`
    pub at: String,
}

/// A module: its path, its file, and what its file says.
struct Module {
    path: Vec<String>,
    file: String,
    syntax: syn::File,
}

/// All imports between the modules that `src/lib.rs` and `src/main.rs` reach.
pub fn imports(files: &Files) -> Vec<Import> {
    let mut modules = Vec::new();
    for root in ["lib", "main"] {
        let file = format!("src/{root}.rs");
        if files.contains_key(&file) {
            add(files, vec![root.to_owned()], file, "src", &mut modules);
        }
    }
    let known: BTreeSet<Vec<String>> = modules.iter().map(|module| module.path.clone()).collect();
    modules.iter().flat_map(|module| imports_of(module, &known)).collect()
}

fn add(files: &Files, path: Vec<String>, file: String, folder: &str, modules: &mut Vec<Module>) {
    let syntax =
        parsed(&file, files.get(&file).unwrap_or_else(|| panic!("{file} is declared and not there")));
    for name in children(&syntax) {
        let below = path.iter().cloned().chain([name.clone()]).collect();
        add(files, below, format!("{folder}/{name}.rs"), &format!("{folder}/{name}"), modules);
    }
    modules.push(Module { path, file, syntax });
}

/// The modules that a file declares and that are files of their own.
fn children(syntax: &syn::File) -> Vec<String> {
    let declared = syntax.items.iter().filter_map(|item| match item {
        Item::Mod(item) if item.content.is_none() && !for_tests(&item.attrs) => Some(item.ident.to_string()),
        _ => None,
    });
    declared.collect()
}

fn imports_of(module: &Module, known: &BTreeSet<Vec<String>>) -> Vec<Import> {
    let mut paths = Paths::default();
    paths.visit_file(&module.syntax);
    let found = paths.found.into_iter().filter_map(|(path, line)| {
        let to = resolve(&module.path, &path, known)?;
        (to != module.path).then(|| Import {
            from: shown(&module.path),
            to: shown(&to),
            at: format!("{}:{line}", module.file),
        })
    });
    found.collect()
}

/// `lib` is left out, `main` is not.
fn shown(path: &[String]) -> String {
    let path = if path.len() > 1 && path[0] == "lib" { &path[1..] } else { path };
    path.join("::")
}

/// The module in which a path from `here` ends, where it is one of ours.
fn resolve(here: &[String], path: &[String], known: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    if path.len() < 2 {
        // A variable, which may be called as a module is.
        return None;
    }
    let mut full = match path[0].as_str() {
        "crate" => vec![here[0].clone()],
        LIBRARY => vec!["lib".to_owned()],
        "self" => here.to_vec(),
        "super" => here[..here.len() - 1].to_vec(),
        child => {
            let below: Vec<String> = here.iter().cloned().chain([child.to_owned()]).collect();
            known.get(&below)?.clone()
        }
    };
    for name in &path[1..] {
        if name == "super" { drop(full.pop()) } else { full.push(name.clone()) }
    }
    (1..=full.len()).rev().map(|length| full[..length].to_vec()).find(|prefix| known.contains(prefix))
}

/// Every path of a file, with its line.
#[derive(Default)]
struct Paths {
    found: Vec<(Vec<String>, usize)>,
}

impl Paths {
    fn use_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |ident: &syn::Ident| before.iter().cloned().chain([ident.to_string()]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.use_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.found.push((with(&name.ident), name.ident.span().start().line)),
            UseTree::Rename(name) => self.found.push((with(&name.ident), name.ident.span().start().line)),
            UseTree::Glob(glob) => {
                let everything = before.iter().cloned().chain(["*".to_owned()]).collect();
                self.found.push((everything, glob.star_token.span.start().line));
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(before, tree)),
        }
    }

    /// The tokens of a macro are no syntax yet: a path in them is a row of names with `::` between.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (Vec::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.found.push((std::mem::take(&mut path), line));
                    }
                    line = name.span().start().line;
                    path.push(name.to_string());
                }
                other => {
                    self.found.push((std::mem::take(&mut path), line));
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
            colons = 0;
        }
        self.found.push((path, line));
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        assert!(module.content.is_none(), "mod {} {{}}: give it a file of its own", module.ident);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let line = path.segments.first().map_or(0, |first| first.ident.span().start().line);
        self.found.push((path.segments.iter().map(|segment| segment.ident.to_string()).collect(), line));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        visit::visit_macro(self, item);
        self.tokens(item.tokens.clone());
    }

    // `pub(crate)` imports nothing, and the paths of attributes are macros'.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}
