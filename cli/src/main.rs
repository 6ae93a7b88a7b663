//! `ringlet`: everything an owner does with his sites, from a terminal, over the same API as the
//! dashboard.
//!
//! What is here: arguments, one HTTP client, tables. What is not: rules; a number is read, a
//! configuration is compared and an address is made by the core. Results go to stdout, everything
//! else to stderr; with `--json` a result is one JSON value, and so is whatever is told on stderr.
//!
//! Invariant: the exit code says what became of the request (see [`failure::Failure::code`]).

mod arguments;
mod client;
mod commands;
mod failure;
mod help;
mod output;
mod profile;
mod tables;
mod words;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let russian = words::russian();
    let said = help::command(russian).try_get_matches();
    let read = |matches| arguments::Arguments::from_arg_matches(&matches);
    let (as_json, done) = match said.and_then(read) {
        Ok(arguments) => (arguments.connection.json, commands::run(arguments, russian)),
        Err(error) => {
            let is_asked = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            let as_json = !is_asked && std::env::args().any(|word| word == "--json");
            if !as_json {
                error.exit();
            }
            let said = error.render().to_string();
            (true, Err(Failure::Usage(words::same(said.trim_end()))))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(as_json, russian);
            ExitCode::from(failure.code())
        }
    }
}
