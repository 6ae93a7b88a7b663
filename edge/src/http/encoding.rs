//! Which encoding of a body the client takes.

/// How a body's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As they are.
    Identity,
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// The name in `Content-Encoding`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The encodings the client takes, shortest first; the last is always [`Encoding::Identity`].
/// A weight of zero refuses; other weights are not told apart, for ours are ready made and the
/// shortest costs nobody anything.
pub(crate) fn accepted(accept_encoding: &str) -> Vec<Encoding> {
    let takes = |name: &str| {
        accept_encoding.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|coding| coding.eq_ignore_ascii_case(name));
            let refused = parts.any(|weight| {
                weight
                    .strip_prefix("q=")
                    .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
            });
            named && !refused
        })
    };
    let mut encodings = Vec::with_capacity(3);
    if takes("br") {
        encodings.push(Encoding::Brotli);
    }
    if takes("gzip") {
        encodings.push(Encoding::Gzip);
    }
    encodings.push(Encoding::Identity);
    encodings
}
