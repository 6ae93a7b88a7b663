//! The verbs and flags of `cargo xtask`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::test::RINGS;

/// Printed by `cargo xtask help`.
const HELP: &str = "\
All automation of Ringlet. Each verb installs what it needs first.

Usage: cargo xtask <verb> [flags]

  dev     build, start the Worker on workerd, seed the demonstration, print its addresses
            --port <port>      on 127.0.0.1 (default 8787)
            --fresh            forget the state of earlier runs
            --json             print one JSON line when ready
  build   agent, static files and Worker into build/ (what wrangler.toml calls)
            --release          accepted for symmetry: every build is the release form
  serve   run the Worker in production on this machine, without Cloudflare
            --listen <ip:port> (default 127.0.0.1:8080, or RINGLET_LISTEN)
            --state <dir>      (default .ringlet/serve, or RINGLET_STATE_DIR)
            --json             print one JSON line when ready
          The administrator's token is read from RINGLET_ADMIN_TOKEN.
  test    every test; the last line is `N passed, N failed`
            --ring <ring>      only core, edge or browser
            --filter <text>    only tests whose name contains it; files without its words
                               are not started
  size    bytes that a browser gets, and the Worker's module, against their budgets
            --json             print one JSON line, without judging
  bench   throughput against an empty object, and the core's hot paths
            --json             print one JSON line, without judging
  scale   a thousand sites, 200 scenarios, 10,000 numbers, 100,000 page views; some minutes
            --json             print one JSON line, without judging
  contract  requests made up out of openapi.json; every answer is held against it
  ci      test, contract, size against the budgets, a dry run of the deployment
  tidy    the house rules that no compiler checks
  sim     the accuracy simulator; everything after `sim` is its own
";

/// What was asked for.
pub(crate) enum Verb {
    Bench(Report),
    Build,
    Ci,
    Contract,
    Dev(Dev),
    Help,
    Scale(Report),
    Serve(Serve),
    Sim(Vec<OsString>),
    Size(Report),
    Test(Test),
    Tidy,
}

/// Flags of the verbs that report figures.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) json: bool,
}

/// Flags of `test`.
#[derive(Default)]
pub(crate) struct Test {
    pub(crate) ring: Option<String>,
    pub(crate) filter: Option<String>,
}

/// Flags of `dev`.
#[derive(Default)]
pub(crate) struct Dev {
    pub(crate) port: Option<u16>,
    pub(crate) fresh: bool,
    pub(crate) json: bool,
}

/// Flags of `serve`.
#[derive(Default)]
pub(crate) struct Serve {
    pub(crate) listen: Option<String>,
    pub(crate) state: Option<PathBuf>,
    pub(crate) json: bool,
}

/// Shows the verbs.
pub(crate) fn help() -> ExitCode {
    eprint!("{HELP}");
    ExitCode::SUCCESS
}

/// Reads the command line.
///
/// # Errors
/// An unknown verb or flag, named.
pub(crate) fn parse() -> Result<Verb> {
    let mut parser = lexopt::Parser::from_env();
    let verb = match parser.next()? {
        Some(Value(verb)) => verb.string()?,
        Some(Short('h') | Long("help")) | None => return Ok(Verb::Help),
        Some(other) => bail!(other.unexpected()),
    };
    // The simulator has a help of its own.
    if verb != "sim" && std::env::args().any(|flag| flag == "--help" || flag == "-h") {
        return Ok(Verb::Help);
    }
    match verb.as_str() {
        "bench" => Ok(Verb::Bench(parse_report(&mut parser)?)),
        "build" => parse_build(&mut parser),
        "ci" => no_flags(&mut parser, Verb::Ci),
        "contract" => no_flags(&mut parser, Verb::Contract),
        "dev" => parse_dev(&mut parser),
        "help" => Ok(Verb::Help),
        "scale" => Ok(Verb::Scale(parse_report(&mut parser)?)),
        "serve" => parse_serve(&mut parser),
        "sim" => Ok(Verb::Sim(parser.raw_args()?.collect())),
        "size" => Ok(Verb::Size(parse_report(&mut parser)?)),
        "test" => parse_test(&mut parser),
        "tidy" => no_flags(&mut parser, Verb::Tidy),
        unknown => bail!("no verb {unknown:?}; `cargo xtask help` lists them"),
    }
}

fn parse_build(parser: &mut lexopt::Parser) -> Result<Verb> {
    while let Some(argument) = parser.next()? {
        match argument {
            Long("release") => {}
            other => bail!(other.unexpected()),
        }
    }
    Ok(Verb::Build)
}

fn parse_dev(parser: &mut lexopt::Parser) -> Result<Verb> {
    let mut flags = Dev::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => flags.port = Some(parser.value()?.parse()?),
            Long("fresh") => flags.fresh = true,
            Long("json") => flags.json = true,
            other => bail!(other.unexpected()),
        }
    }
    Ok(Verb::Dev(flags))
}

fn parse_serve(parser: &mut lexopt::Parser) -> Result<Verb> {
    let mut flags = Serve::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => flags.listen = Some(parser.value()?.string()?),
            Long("state") => flags.state = Some(parser.value()?.into()),
            Long("json") => flags.json = true,
            other => bail!(other.unexpected()),
        }
    }
    Ok(Verb::Serve(flags))
}

fn parse_test(parser: &mut lexopt::Parser) -> Result<Verb> {
    let mut flags = Test::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("ring") => flags.ring = Some(parser.value()?.string()?),
            Long("filter") => flags.filter = Some(parser.value()?.string()?),
            other => bail!(other.unexpected()),
        }
    }
    if let Some(ring) = &flags.ring
        && !RINGS.contains(&ring.as_str())
    {
        bail!("no ring {ring:?}; there are {}", RINGS.join(", "));
    }
    Ok(Verb::Test(flags))
}

fn no_flags(parser: &mut lexopt::Parser, verb: Verb) -> Result<Verb> {
    match parser.next()? {
        Some(other) => bail!(other.unexpected()),
        None => Ok(verb),
    }
}

fn parse_report(parser: &mut lexopt::Parser) -> Result<Report> {
    let mut flags = Report::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => flags.json = true,
            other => bail!(other.unexpected()),
        }
    }
    Ok(flags)
}
