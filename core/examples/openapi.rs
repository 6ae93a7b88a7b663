//! Writes the API's description to standard output: `cargo run -p ringlet-core --example openapi`.

#![expect(clippy::print_stdout, reason = "the program's result")]

fn main() {
    print!("{}", ringlet_core::api::openapi::text());
}
