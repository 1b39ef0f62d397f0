//! What a request does at a Kubernetes API, in the words of its own authorization and audit: as `RequestInfo` of `k8s.io/apiserver`
//! (`pkg/endpoints/request`) reads it from method, path and query.

mod named;

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use self::named::exactly_named;

/// Below these, a path names resources.
const PREFIXES: [&str; 2] = ["api", "apis"];
/// Verbs that the path itself may hold, from before there were subresources.
const VERBS_IN_PATHS: [&str; 2] = ["proxy", "watch"];
/// What is no resource within a namespace, but a part of the namespace.
const OF_NAMESPACES: [&str; 2] = ["status", "finalize"];

/// What a request does; what it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`; for what is no resource, or with a
    /// method that Kubernetes does not know, the method in lower case.
    pub verb: String,
    /// Whether the path names a resource.
    pub is_resource: bool,
    /// The API group; empty for the core group.
    pub group: String,
    /// Its version.
    pub version: String,
    /// The namespace, also where the resource is a namespace itself.
    pub namespace: String,
    /// The resource, `pods`.
    pub resource: String,
    /// What is below one, `exec`.
    pub subresource: String,
    /// Which one; of a list or a watch the one that its field selector names.
    pub name: String,
}

impl RequestInfo {
    /// Reads a request; `path` and `query` as they are sent to the API.
    #[must_use]
    pub fn read(method: &str, path: &str, query: Option<&str>) -> Self {
        let mut info = Self { verb: method.to_ascii_lowercase(), ..Self::default() };
        let decoded: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let Some((version, group, below)) = resource_path(&parts) else { return info };
        (info.is_resource, info.version, info.group) = (true, version.to_owned(), group.to_owned());
        let below = match below {
            // The API server refuses that.
            [first] if VERBS_IN_PATHS.contains(first) => return info,
            [first, below @ ..] if VERBS_IN_PATHS.contains(first) => {
                (*first).clone_into(&mut info.verb);
                below
            }
            below => {
                if let Some(verb) = verb_of(method) {
                    verb.clone_into(&mut info.verb);
                }
                below
            }
        };
        info.read_resource(below);
        info.read_query(query.unwrap_or_default());
        info
    }

    /// Whether it cannot change anything: a GET behind a pod, a service or a node can, and so can a stream into one.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        let reads = matches!(self.verb.as_str(), "get" | "head" | "list" | "watch");
        reads && !matches!(self.subresource.as_str(), "exec" | "attach" | "portforward" | "proxy")
    }

    /// `namespaces/{namespace}/…`, or the resource itself.
    fn read_resource(&mut self, parts: &[&str]) {
        let parts = match parts {
            ["namespaces", namespace, of_namespace, ..] if OF_NAMESPACES.contains(of_namespace) => {
                (*namespace).clone_into(&mut self.namespace);
                parts
            }
            ["namespaces", namespace, below @ ..] => {
                (*namespace).clone_into(&mut self.namespace);
                if below.is_empty() { parts } else { below }
            }
            parts => parts,
        };
        let mut parts = parts.iter().copied().map(str::to_owned);
        self.resource = parts.next().unwrap_or_default();
        self.name = parts.next().unwrap_or_default();
        // What is behind a proxied pod is no subresource.
        if self.verb != "proxy" {
            self.subresource = parts.next().unwrap_or_default();
        }
    }

    /// A GET without a name is a list or a watch, a DELETE one of a collection.
    fn read_query(&mut self, query: &str) {
        if !self.name.is_empty() {
            return;
        }
        match self.verb.as_str() {
            "get" => {
                (if asks_to_watch(query) { "watch" } else { "list" }).clone_into(&mut self.verb);
                self.name = first(query, "fieldSelector").and_then(|s| exactly_named(&s)).unwrap_or_default();
            }
            "delete" => "deletecollection".clone_into(&mut self.verb),
            _ => {}
        }
    }
}

/// Version, group and the parts from the resource on; none for what is no resource.
fn resource_path<'p>(parts: &'p [&'p str]) -> Option<(&'p str, &'p str, &'p [&'p str])> {
    match parts {
        [prefix, ..] if !PREFIXES.contains(prefix) => None,
        ["api", version, below @ ..] if !below.is_empty() => Some((version, "", below)),
        ["apis", group, version, below @ ..] if !below.is_empty() => Some((version, group, below)),
        _ => None,
    }
}

fn verb_of(method: &str) -> Option<&'static str> {
    match method {
        "POST" => Some("create"),
        "GET" | "HEAD" => Some("get"),
        "PUT" => Some("update"),
        "PATCH" => Some("patch"),
        "DELETE" => Some("delete"),
        _ => None,
    }
}

/// Kubernetes takes the first value, and all but `false` and `0` for yes.
fn asks_to_watch(query: &str) -> bool {
    first(query, "watch").is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}

fn first<'q>(query: &'q str, name: &str) -> Option<std::borrow::Cow<'q, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
