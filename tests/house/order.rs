//! The order of the modules: an import points down, and never in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::imports::Import;

/// The folders of the backend from top to bottom; `backend` is its root file.
const BACKEND: &[&[&str]] = &[
    &["admin"],
    &["backend"],
    &["assembly", "api"],
    &["kubernetes", "logout"],
    &["session", "tokens"],
    &["revocation"],
    &["logins"],
    &["inbound"],
    &["oidc"],
    &["stopping"],
];

/// The imports of each module by the module that they lead to.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Import>>;

/// Each circle of imports once, as the shortest way round it.
pub fn circles(imports: &[Import]) -> Vec<String> {
    let mut edges = Edges::new();
    for import in imports {
        edges.entry(&import.from).or_default().entry(&import.to).or_insert(import);
    }
    let mut seen = BTreeSet::new();
    let found = edges.values().flat_map(BTreeMap::values).filter_map(|import| {
        let circle = way(&edges, &import.to, &import.from)?;
        let modules: BTreeSet<&str> =
            circle.iter().map(|step| step.to.as_str()).chain([import.to.as_str()]).collect();
        seen.insert(modules).then(|| told(import, &circle))
    });
    found.collect()
}

fn told(first: &Import, rest: &[&Import]) -> String {
    let steps: Vec<String> = [first]
        .into_iter()
        .chain(rest.iter().copied())
        .map(|step| format!("{} ({})", step.to, step.at))
        .collect();
    format!(
        "{}: a circle of imports: {} -> {}. Move what is shared below both.",
        first.at,
        first.from,
        steps.join(" -> ")
    )
}

/// The shortest way along the imports.
fn way<'a>(edges: &Edges<'a>, from: &'a str, to: &str) -> Option<Vec<&'a Import>> {
    let mut came: BTreeMap<&str, &Import> = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(here) = open.pop_front() {
        if here == to {
            return Some(back(&came, from, to));
        }
        for (next, import) in edges.get(here).into_iter().flatten() {
            if *next != from && !came.contains_key(next) {
                came.insert(next, import);
                open.push_back(next);
            }
        }
    }
    None
}

fn back<'a>(came: &BTreeMap<&str, &'a Import>, from: &str, to: &str) -> Vec<&'a Import> {
    let mut steps = Vec::new();
    let mut here = to;
    while here != from {
        let step = came[here];
        steps.push(step);
        here = &step.from;
    }
    steps.reverse();
    steps
}

/// Each import that points up the order.
pub fn upward(imports: &[Import]) -> Vec<String> {
    let found: BTreeSet<String> =
        imports.iter().filter_map(|import| Some(format!("{}: {}", import.at, wrong(import)?))).collect();
    found.into_iter().collect()
}

fn wrong(import: &Import) -> Option<String> {
    let Import { from, to, .. } = import;
    match (room(from), room(to)) {
        ("main", _) => None,
        (_, "main") => {
            Some(format!("{from} imports {to}: the program imports the library, never the reverse"))
        }
        ("foundation", "backend" | "helper") => Some(format!(
            "the foundation {from} imports {to}: pass it in, or move what is needed out of the room"
        )),
        ("backend", "helper") | ("helper", "backend") => {
            Some(format!("{from} imports {to}: move what both need to protocol or to a foundation"))
        }
        ("backend", "backend") => in_backend(from, to),
        _ => None,
    }
}

fn in_backend(from: &str, to: &str) -> Option<String> {
    let (Some(upper), Some(lower)) = (rank(from), rank(to)) else {
        return Some(format!("{from} imports {to}: give both a place in BACKEND in tests/house/order.rs"));
    };
    (lower < upper).then(|| format!("{from} imports {to}, which is above it: move what is shared down"))
}

fn rank(module: &str) -> Option<usize> {
    let folder = module.split("::").nth(1).unwrap_or("backend");
    BACKEND.iter().position(|row| row.contains(&folder))
}

/// `lib` itself imports nothing and holds nothing.
fn room(module: &str) -> &'static str {
    match module.split("::").next() {
        Some("main") => "main",
        Some("backend") => "backend",
        Some("helper") => "helper",
        _ => "foundation",
    }
}
