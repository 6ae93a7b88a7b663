//! Which row of the table a request is for, and what a path answers to.

use super::{Method, ROUTES};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A route, with the segments that stand for names, in order.
    Route(usize, Vec<&'a str>),
    /// The path is served with other methods.
    OtherMethods(Vec<Method>),
    /// No route has this path.
    Nothing,
}

/// The value of `Allow` for a path with these methods: `HEAD` is served wherever `GET` is.
pub fn allow(methods: &[Method]) -> String {
    let names = methods.iter().flat_map(|method| match method {
        Method::Get => vec!["GET", "HEAD"],
        other => vec![other.as_str()],
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Finds the row of [`ROUTES`] for `method` (an upper-case name) and `path`.
pub fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    let method = if method == "HEAD" { "GET" } else { method };
    let mut others = Vec::new();
    for (index, spec) in ROUTES.iter().enumerate() {
        if let Some(names) = matches(spec.path, path) {
            if spec.method.as_str() == method {
                return Found::Route(index, names);
            }
            others.push(spec.method);
        }
    }
    if others.is_empty() {
        Found::Nothing
    } else {
        Found::OtherMethods(others)
    }
}

/// The named segments of `path` if it has the form of `pattern`. No pattern is ambiguous with
/// another: they differ in length or in a fixed segment.
fn matches<'a>(pattern: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut names = Vec::new();
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        if wanted.starts_with('{') {
            if part.is_empty() {
                return None;
            }
            names.push(part);
        } else if wanted != part {
            return None;
        }
    }
    if parts.next().is_some() {
        None
    } else {
        Some(names)
    }
}
