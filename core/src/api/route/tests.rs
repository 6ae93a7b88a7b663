//! Routes by method and path.

use super::*;
use expect_test::{Expect, expect};

fn check(method: &str, path: &str, expected: Expect) {
    let text = match find(method, path) {
        Found::Route(index, names) => format!("{:?} {names:?}", ROUTES[index].route),
        other => format!("{other:?}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn finds_routes_by_method_and_path() {
    check("GET", "/healthz", expect!["Health []"]);
    check("HEAD", "/s/demo.js", expect![[r#"Script ["demo.js"]"#]]);
    check(
        "POST",
        "/v1/sites/demo/visit",
        expect![[r#"Visit ["demo"]"#]],
    );
    check("POST", "/v1/sites//visit", expect!["Nothing"]);
    check(
        "GET",
        "/v1/sites/demo/visit",
        expect!["OtherMethods([Post])"],
    );
    check(
        "DELETE",
        "/api/v1/sites/demo/config",
        expect!["OtherMethods([Get, Put, Patch])"],
    );
    check(
        "GET",
        "/api/v1/sites/demo/versions/3",
        expect![[r#"VersionRead ["demo", "3"]"#]],
    );
    check("GET", "/healthz/", expect!["Nothing"]);
    check("GET", "", expect!["Nothing"]);
}

#[test]
fn allow_names_every_method_that_is_served() {
    for spec in ROUTES {
        let Found::OtherMethods(methods) = find("TRACE", spec.path) else {
            panic!("{} serves TRACE", spec.path);
        };
        for name in allow(&methods).split(", ") {
            assert!(matches!(find(name, spec.path), Found::Route(..)), "{name}");
        }
        assert!(allow(&methods).contains(spec.method.as_str()));
    }
    expect!["GET, HEAD, PUT, PATCH"].assert_eq(&allow(&[Get, Put, Patch]));
}

#[test]
fn no_path_leads_to_two_routes() {
    for (index, spec) in ROUTES.iter().enumerate() {
        let found = find(spec.method.as_str(), spec.path);
        assert!(
            matches!(found, Found::Route(at, _) if at == index),
            "{}",
            spec.path
        );
    }
}
