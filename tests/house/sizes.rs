//! How large files, folders and functions may be.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Block, ImplItemFn, ItemFn, Signature, TraitItemFn};

use crate::parsed::parsed;
use crate::sources::Files;

/// Modules in a folder; `x.rs` and `x/` are one.
const FOLDER: usize = 12;
const TOP_FOLDER: usize = 16;
/// Lines.
const FILE: usize = 400;
const FUNCTION: usize = 51;
const MEDIAN: usize = 7;

/// Folders with more modules than a newcomer can keep apart.
pub fn crowded_folders(files: &Files) -> Vec<String> {
    let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files.keys() {
        for (slash, _) in file.match_indices('/') {
            let entry = file[slash + 1..].split(['/', '.']).next().unwrap_or_default();
            folders.entry(&file[..slash]).or_default().insert(entry);
        }
    }
    let crowded = folders.into_iter().filter_map(|(folder, modules)| {
        let most = if folder == "src" { TOP_FOLDER } else { FOLDER };
        let (count, names) = (modules.len(), modules.into_iter().collect::<Vec<_>>().join(", "));
        (count > most)
            .then(|| format!("{folder}:1: {count} modules, at most {most}: make a folder of some ({names})"))
    });
    crowded.collect()
}

/// Files with too many lines.
pub fn long_files(files: &Files) -> Vec<String> {
    let long = files.iter().filter_map(|(file, text)| {
        let lines = text.lines().count();
        (lines > FILE).then(|| {
            format!("{file}:{lines}: {lines} lines, at most {FILE}: move a part to a module of its own")
        })
    });
    long.collect()
}

/// Functions with too many lines, from their first to their last brace's line.
pub fn long_functions(files: &Files) -> Vec<String> {
    let long = functions(files).into_iter().filter(|function| function.lines > FUNCTION);
    let told = long.map(|Function { at, name, lines }| {
        format!("{at}: fn {name} has {lines} lines, at most {FUNCTION}: give a step of it a name")
    });
    told.collect()
}

/// The function in the middle, where it is too long.
pub fn long_median(files: &Files) -> Vec<String> {
    let mut functions = functions(files);
    functions.sort_by_key(|function| function.lines);
    let middle = functions.get(functions.len() / 2);
    let long = middle.filter(|function| function.lines > MEDIAN).map(|function| {
        let lines = function.lines;
        format!("{}: the median function has {lines} lines, at most {MEDIAN}: split the longest", function.at)
    });
    long.into_iter().collect()
}

struct Function {
    at: String,
    name: String,
    lines: usize,
}

fn functions(files: &Files) -> Vec<Function> {
    let mut functions = Functions { file: "", found: Vec::new() };
    for (file, text) in files {
        functions.file = file;
        functions.visit_file(&parsed(file, text));
    }
    functions.found
}

struct Functions<'a> {
    file: &'a str,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &Signature, body: &Block) {
        let first = signature.fn_token.span.start().line;
        let last = body.brace_token.span.close().end().line;
        let (at, name) = (format!("{}:{first}", self.file), signature.ident.to_string());
        self.found.push(Function { at, name, lines: last - first + 1 });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
