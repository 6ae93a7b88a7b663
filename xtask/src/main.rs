//! All automation of Ringlet: `cargo xtask <verb>`.

fn main() {}
