//! `ringlet-sim`: the simulator's commands. `cargo xtask sim …` finds and runs it.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a command's answer goes to standard output"
)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use lexopt::prelude::*;
use ringlet_core::calculator::Question;
use ringlet_sim::report;
use ringlet_sim::rules::Rule;
use ringlet_sim::run::{self, Plan, QUICK_TAUGHT_VISITS, TAUGHT_VISITS};
use ringlet_sim::scenario::Scenario;
use ringlet_sim::{progress::Clock, replay, size};

const HELP: &str = "\
Usage: cargo xtask sim COMMAND

  accuracy   every rule and bound over the open workloads
      --quick              S2 only, without variants of the rules, taught on half a million visits
      --workload ID,…      of S1, S2, S3, S2-fast, S2-slow, S2-tabs, S2-mistaught, S2-hidden
      --policy NAME,…      of the rules, by their name in a site's configuration
      --seed N,…           mean over these seeds instead of each workload's own
      --numbers N,…        tell R for pools of these sizes only, and do not search for N
      --threads N          instead of all cores
      --json               one JSON object a line for every workload and rule
      --html FILE          a report with charts besides
  replay FILE  an owner's own log (docs/reference/replay.md) through every rule
      --numbers N          tell the accuracy with so many as well
      --json
  size       how many numbers for an accuracy
      --visits-per-day N   (1000)
      --accuracy PERCENT   50 to 99 (90)
      --active-s N         seconds of activity a visit (102)
      --busy-hour-factor N busiest hour over the mean (1.5)
      --numbers N          tell the accuracy with so many as well
      --hold-s N           for the rules that hold a number for a time (900)
      --json
";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<(), String> {
    let mut parser = lexopt::Parser::from_env();
    match parser.next().map_err(|error| error.to_string())? {
        Some(Value(verb)) if verb == "accuracy" => accuracy(parser),
        Some(Value(verb)) if verb == "replay" => replay_file(parser),
        Some(Value(verb)) if verb == "size" => size_pool(parser),
        None | Some(Short('h') | Long("help")) => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("{}\n\n{HELP}", other.unexpected())),
    }
}

/// A value as a number, with a message that names it if it is none.
fn number<T: FromStr>(value: &OsString) -> Result<T, lexopt::Error> {
    let text = value.to_string_lossy();
    text.parse()
        .map_err(|_| format!("`{text}` is no such number").into())
}

fn list(value: &OsString) -> Vec<String> {
    value
        .to_string_lossy()
        .split(',')
        .map(|item| item.trim().to_owned())
        .collect()
}

struct AccuracyFlags {
    quick: bool,
    json: bool,
    html: Option<PathBuf>,
    workloads: Vec<String>,
    policies: Vec<String>,
    seeds: Vec<u64>,
    numbers: Vec<usize>,
    threads: usize,
}

fn accuracy_flags(mut parser: lexopt::Parser) -> Result<AccuracyFlags, lexopt::Error> {
    let mut flags = AccuracyFlags {
        quick: false,
        json: false,
        html: None,
        workloads: Vec::new(),
        policies: Vec::new(),
        seeds: Vec::new(),
        numbers: Vec::new(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => flags.quick = true,
            Long("json") => flags.json = true,
            Long("html") => flags.html = Some(parser.value()?.into()),
            Long("workload") => flags.workloads.extend(list(&parser.value()?)),
            Long("policy") => flags.policies.extend(list(&parser.value()?)),
            Long("seed") => {
                for seed in list(&parser.value()?) {
                    flags.seeds.push(number(&seed.into())?);
                }
            }
            Long("numbers") => {
                for size in list(&parser.value()?) {
                    flags.numbers.push(number::<usize>(&size.into())?.max(1));
                }
            }
            Long("threads") => flags.threads = number(&parser.value()?)?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(flags)
}

fn accuracy(parser: lexopt::Parser) -> Result<(), String> {
    let flags = accuracy_flags(parser).map_err(|error| format!("{error}\n\n{HELP}"))?;
    let plan = plan(&flags)?;
    let clock = Clock::start();
    let sections = run::run(&plan, &|workload, done, of, name| {
        eprintln!("[{:>4.0} s] {workload} {done}/{of} {name}", clock.seconds());
    });
    if let Some(path) = &flags.html {
        let made_by: Vec<String> = std::env::args().skip(1).collect();
        let page = report::html::page(&sections, &format!("cargo xtask sim {}", made_by.join(" ")));
        std::fs::write(path, page).map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("wrote {}", path.display());
    }
    if flags.json {
        print!("{}", report::json::lines(&sections));
    } else {
        print!("{}", report::text::tables(&sections));
    }
    Ok(())
}

fn plan(flags: &AccuracyFlags) -> Result<Plan, String> {
    let mut scenarios = Scenario::all();
    if let Some(unknown) = flags
        .workloads
        .iter()
        .find(|id| scenarios.iter().all(|known| known.id != id.as_str()))
    {
        return Err(format!("no workload `{unknown}`\n\n{HELP}"));
    }
    if !flags.workloads.is_empty() {
        scenarios.retain(|scenario| flags.workloads.iter().any(|id| id == scenario.id));
    } else if flags.quick {
        scenarios.retain(|scenario| scenario.id == "S2");
    }
    let mut rules = if flags.quick {
        Rule::quick()
    } else {
        Rule::full()
    };
    if !flags.policies.is_empty() {
        rules.retain(|rule| flags.policies.iter().any(|id| id == rule.id));
        if rules.is_empty() {
            return Err(format!("no rule of these names\n\n{HELP}"));
        }
    }
    let seeds = flags.seeds.clone();
    Ok(Plan {
        scenarios,
        seeds,
        rules,
        sizes: flags.numbers.clone(),
        taught_visits: if flags.quick {
            QUICK_TAUGHT_VISITS
        } else {
            TAUGHT_VISITS
        },
        threads: flags.threads,
    })
}

fn replay_file(mut parser: lexopt::Parser) -> Result<(), String> {
    let (mut path, mut json, mut numbers) = (None, false, None);
    let mut read = || -> Result<(), lexopt::Error> {
        while let Some(argument) = parser.next()? {
            match argument {
                Long("json") => json = true,
                Long("numbers") => numbers = Some(number::<usize>(&parser.value()?)?.max(1)),
                Value(file) if path.is_none() => path = Some(PathBuf::from(file)),
                other => return Err(other.unexpected()),
            }
        }
        Ok(())
    };
    read().map_err(|error| format!("{error}\n\n{HELP}"))?;
    let path = path.ok_or_else(|| format!("which file?\n\n{HELP}"))?;
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let log = replay::read(&text);
    for fault in log.faults.iter().take(20) {
        eprintln!("{}:{}: {}", path.display(), fault.line, fault.reason);
    }
    if log.faults.len() > 20 {
        eprintln!("… and {} more lines left out", log.faults.len() - 20);
    }
    if log.calls_known == 0 {
        return Err("the log tells of no call whose visit is known: nothing to judge by".into());
    }
    let needs = replay::needs(&log, &Rule::quick(), numbers);
    if json {
        print!("{}", replay::json_lines(&needs));
    } else {
        print!("{}", replay::text(&log, &needs));
    }
    Ok(())
}

fn size_pool(mut parser: lexopt::Parser) -> Result<(), String> {
    let (mut question, mut json) = (Question::default(), false);
    let mut read = || -> Result<(), lexopt::Error> {
        while let Some(argument) = parser.next()? {
            match argument {
                Long("visits-per-day") => question.visits_per_day = number(&parser.value()?)?,
                Long("accuracy") => question.accuracy = number::<f64>(&parser.value()?)? / 100.0,
                Long("active-s") => question.active_s = number(&parser.value()?)?,
                Long("busy-hour-factor") => question.busy_hour_factor = number(&parser.value()?)?,
                Long("hold-s") => question.hold_s = number(&parser.value()?)?,
                Long("numbers") => question.numbers = number(&parser.value()?)?,
                Long("json") => json = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(())
    };
    read().map_err(|error| format!("{error}\n\n{HELP}"))?;
    let answer = size::size(question).map_err(|faults| faults.join("\n"))?;
    if json {
        println!("{}", answer.json());
    } else {
        print!("{}", answer.text());
    }
    Ok(())
}
