//! All automation of Ringlet: `cargo xtask <verb>`.
//!
//! Every verb does its own set-up first (see [`setup`]), so that `cargo xtask dev` and
//! `cargo xtask test` are all a fresh machine needs. Nothing here is part of the product.

#![expect(clippy::disallowed_methods, reason = "the clock traps on wasm only")]

mod api;
mod bench;
mod budgets;
mod build;
mod ci;
mod cli;
mod contract;
mod dev;
mod output;
mod paths;
mod process;
mod runtime;
mod scale;
mod serve;
mod setup;
mod size;
mod stamp;
mod test;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse().and_then(run) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: cli::Verb) -> anyhow::Result<ExitCode> {
    use cli::Verb;
    match verb {
        Verb::Bench(flags) => bench::run(&flags)?,
        Verb::Build => build::all()?,
        Verb::Ci => ci::run()?,
        Verb::Contract => contract::run()?,
        Verb::Dev(flags) => dev::run(&flags)?,
        Verb::Help => return Ok(cli::help()),
        Verb::Scale(flags) => scale::run(&flags)?,
        Verb::Serve(flags) => serve::run(&flags)?,
        Verb::Sim(arguments) => return process::passthrough_cargo_sim(&arguments),
        Verb::Size(flags) => size::run(&flags)?,
        Verb::Test(flags) => test::run(&flags)?,
        Verb::Tidy => tidy::run()?,
    }
    Ok(ExitCode::SUCCESS)
}
