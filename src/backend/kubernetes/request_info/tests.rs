use super::*;

/// A path that names a resource, its method and query; then verb, group, version, namespace, resource, subresource and name.
type Case = (&'static str, &'static str, [&'static str; 7]);

/// What `requestinfo_test.go` of `k8s.io/apiserver` v0.36.3 expects, said about other resources; then what real clients send.
const RESOURCES: &[Case] = &[
    ("GET", "/api/v1/namespaces", ["list", "", "v1", "", "namespaces", "", ""]),
    ("GET", "/api/v1/namespaces/a", ["get", "", "v1", "a", "namespaces", "", "a"]),
    ("GET", "/api/v1/namespaces/a/pods", ["list", "", "v1", "a", "pods", "", ""]),
    ("GET", "/api/v1/namespaces/a/pods/web", ["get", "", "v1", "a", "pods", "", "web"]),
    ("HEAD", "/api/v1/namespaces/a/pods/web", ["get", "", "v1", "a", "pods", "", "web"]),
    ("GET", "/api/v1/pods", ["list", "", "v1", "", "pods", "", ""]),
    ("HEAD", "/api/v1/pods", ["list", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/proxy/namespaces/a/pods/web", ["proxy", "", "v1", "a", "pods", "", "web"]),
    ("POST", "/api/v1/proxy/namespaces/a/pods/web/x/y", ["proxy", "", "v1", "a", "pods", "", "web"]),
    ("GET", "/api/v1/watch/pods", ["watch", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/watch/namespaces/a/pods", ["watch", "", "v1", "a", "pods", "", ""]),
    ("GET", "/apis/g/v1/watch/things/one", ["watch", "g", "v1", "", "things", "", "one"]),
    ("GET", "/api/v1/pods?watch=true", ["watch", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/pods?watch=false", ["list", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/namespaces/a/pods?watch=1", ["watch", "", "v1", "a", "pods", "", ""]),
    ("GET", "/api/v1/namespaces/a/pods?watch=0", ["list", "", "v1", "a", "pods", "", ""]),
    ("GET", "/api/v1/pods?watch", ["watch", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/pods?watch=False&watch=true", ["list", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/pods?w%61tch=t", ["watch", "", "v1", "", "pods", "", ""]),
    ("GET", "/api/v1/namespaces/a/pods/web/status", ["get", "", "v1", "a", "pods", "status", "web"]),
    ("GET", "/api/v1/namespaces/a/pods/web/proxy/x/y", ["get", "", "v1", "a", "pods", "proxy", "web"]),
    ("PUT", "/api/v1/namespaces/a/finalize", ["update", "", "v1", "a", "namespaces", "finalize", "a"]),
    ("PUT", "/api/v1/namespaces/a/status", ["update", "", "v1", "a", "namespaces", "status", "a"]),
    ("PATCH", "/api/v1/namespaces/a/pods/web", ["patch", "", "v1", "a", "pods", "", "web"]),
    ("DELETE", "/api/v1/namespaces/a/pods/web", ["delete", "", "v1", "a", "pods", "", "web"]),
    ("POST", "/api/v1/namespaces/a/pods", ["create", "", "v1", "a", "pods", "", ""]),
    ("DELETE", "/api/v1/nodes", ["deletecollection", "", "v1", "", "nodes", "", ""]),
    ("DELETE", "/api/v1/namespaces", ["deletecollection", "", "v1", "", "namespaces", "", ""]),
    (
        "DELETE",
        "/apis/apps/v1/namespaces/a/deployments",
        ["deletecollection", "apps", "v1", "a", "deployments", "", ""],
    ),
    (
        "POST",
        "/apis/apps/v1beta3/namespaces/a/deployments",
        ["create", "apps", "v1beta3", "a", "deployments", "", ""],
    ),
    ("GET", "/apis/batch/v1/jobs/x/scale", ["get", "batch", "v1", "", "jobs", "scale", "x"]),
    // What kubectl and k9s send.
    (
        "POST",
        "/api/v1/namespaces/a/pods/web/exec?command=sh&command=-c&stdin=true",
        ["create", "", "v1", "a", "pods", "exec", "web"],
    ),
    ("GET", "/api/v1/namespaces/a/pods/web/exec?command=id", ["get", "", "v1", "a", "pods", "exec", "web"]),
    ("GET", "/api/v1/namespaces/a/pods/web/log?follow=true", ["get", "", "v1", "a", "pods", "log", "web"]),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        ["create", "authorization.k8s.io", "v1", "", "selfsubjectaccessreviews", "", ""],
    ),
    ("DELETE", "/api/v1/namespaces/a", ["delete", "", "v1", "a", "namespaces", "", "a"]),
    ("OPTIONS", "/api/v1/pods", ["options", "", "v1", "", "pods", "", ""]),
    // However it is written.
    ("GET", "//api/v1/namespaces/a/p%6fds/web/", ["get", "", "v1", "a", "pods", "", "web"]),
    ("GET", "/api/v1/watch", ["get", "", "v1", "", "", "", ""]),
];

const SELECTED: &[(&str, &str, &str)] = &[
    ("fieldSelector=metadata.name=web", "list", "web"),
    ("fieldSelector=metadata.name%3D%3Dweb&watch=true", "watch", "web"),
    ("fieldSelector=metadata.name=web&fieldSelector=metadata.name=other", "list", "web"),
    ("fieldSelector=spec.nodeName=n1,metadata.name=web", "list", "web"),
    ("fieldSelector=metadata.name=we%5C,b", "list", "we,b"),
    ("fieldSelector=foo=bar&labelSelector=metadata.name=web", "list", ""),
    ("fieldSelector=metadata.name!=web", "list", ""),
    ("fieldSelector=metadata.name=web,foo", "list", ""),
    ("fieldSelector=metadata.name=web,foo&watch=true", "watch", ""),
    ("fieldSelector=metadata.name=web,foo&watch=false", "list", ""),
    ("fieldSelector=metadata.name=a=b", "list", ""),
    ("fieldSelector=metadata.name=a%5Cb", "list", ""),
    ("fieldSelector=metadata.name=a%5C", "list", ""),
    ("fieldSelector=metadata.name=a/b", "list", ""),
    ("fieldSelector=metadata.name=..", "list", ""),
    ("fieldSelector=,", "list", ""),
];

const NO_RESOURCES: &[&str] = &[
    "",
    "/",
    "/api",
    "/api/v1",
    "/api/v1/",
    "/apis",
    "/apis/apps",
    "/apis/apps/v1",
    "/apis/apps/v1/",
    "/badprefix/v1/pods",
    "/version",
    "/openapi/v3/apis/apps/v1",
    "/healthz",
    "/API/v1/pods",
];

fn read(method: &str, target: &str) -> RequestInfo {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    RequestInfo::read(method, path, query)
}

fn fields(info: &RequestInfo) -> [&str; 7] {
    [&info.verb, &info.group, &info.version, &info.namespace, &info.resource, &info.subresource, &info.name]
}

#[test]
fn a_request_is_read_as_the_api_server_reads_it() {
    for (method, target, expected) in RESOURCES {
        let info = read(method, target);
        assert_eq!((fields(&info), info.is_resource), (*expected, true), "{method} {target}");
    }
}

#[test]
fn a_list_or_a_watch_has_the_name_that_its_field_selector_has() {
    for (query, verb, name) in SELECTED {
        let info = read("GET", &format!("/apis/g/v1/things?{query}"));
        assert_eq!((info.verb.as_str(), info.name.as_str()), (*verb, *name), "{query}");
    }
    for target in ["/api/v1/watch/pods?fieldSelector=metadata.name=web", "/api/v1/pods"] {
        assert_eq!(read("GET", target).name, "", "{target}");
    }
    assert_eq!(read("GET", "/api/v1/namespaces/a/pods/web?fieldSelector=metadata.name=x").name, "web");
    assert_eq!(read("DELETE", "/api/v1/pods?fieldSelector=metadata.name=x").name, "");
}

#[test]
fn what_names_no_resource_has_the_method_for_its_verb() {
    for path in NO_RESOURCES {
        for method in ["GET", "HEAD", "POST"] {
            let expected = RequestInfo { verb: method.to_lowercase(), ..RequestInfo::default() };
            assert_eq!(read(method, path), expected, "{method} {path}");
        }
    }
}

#[test]
fn only_what_cannot_change_anything_reads() {
    let reads = |(method, target)| read(method, target).only_reads();
    for target in ["/api/v1/pods", "/api/v1/pods?watch=1", "/version", "/api/v1/namespaces/a/pods/web/log"] {
        assert!(reads(("GET", target)), "{target}");
    }
    for (method, target) in [
        ("GET", "/api/v1/namespaces/a/pods/web/exec"),
        ("GET", "/api/v1/namespaces/a/services/web/proxy/x"),
        ("GET", "/api/v1/proxy/namespaces/a/pods/web"),
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/pods"),
        ("PATCH", "/version"),
    ] {
        assert!(!reads((method, target)), "{method} {target}");
    }
}

/// Nothing that a caller writes is lost or made up: each part is one of the path's, or the name that the query has.
#[test]
fn every_part_stands_in_the_request() {
    let words =
        ["api", "apis", "v1", "namespaces", "a", "pods", "status", "watch", "proxy", "exec", "", "%2561"];
    let mut place = 1_usize;
    for _ in 0..20_000 {
        let mut path = String::new();
        let mut rest = place;
        while rest > 0 {
            path.push('/');
            path.push_str(words[rest % words.len()]);
            rest /= words.len();
        }
        place = place.wrapping_mul(31).wrapping_add(7) % 5_000_000;
        let info = read("GET", &format!("{path}?fieldSelector=metadata.name=named&command=secret"));
        for part in &fields(&info)[1..] {
            let said = part.is_empty()
                || *part == "named"
                || path.split('/').any(|p| p.replace("%25", "%") == *part);
            assert!(said, "{part} in {path}");
        }
        assert!(info.is_resource || fields(&info)[1..].iter().all(|part| part.is_empty()), "{path}");
        assert!(!info.verb.is_empty() && !fields(&info).contains(&"secret"), "{path}");
    }
}
