//! `ringlet`: everything an owner does with his sites, from a terminal, over the same API as the
//! dashboard.
//!
//! What is here: arguments, one HTTP client, tables. What is not: rules; a number is read, a
//! configuration is compared and an address is made by the core. Results go to stdout, everything
//! else to stderr; with `--json` a result is one JSON value as the API gave it.
//!
//! Invariant: the exit code says what became of the request (see [`failure::Failure::code`]).

mod arguments;
mod client;
mod commands;
mod failure;
mod output;
mod profile;
mod tables;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let as_json = arguments.connection.json;
    match commands::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(as_json);
            ExitCode::from(failure.code())
        }
    }
}
