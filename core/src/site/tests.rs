use super::*;
use expect_test::{Expect, expect};

const SMALL: &str = include_str!("golden/small.json");
const FULL: &str = include_str!("golden/full.json");

fn parse(json: &str) -> SiteConfig {
    SiteConfig::parse(json).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn pretty(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
    serde_json::to_string_pretty(&value).expect("JSON")
}

#[test]
fn what_is_written_reads_back_the_same() {
    for json in [SMALL, FULL] {
        let config = parse(json);
        assert_eq!(parse(&config.to_json()), config);
    }
}

#[test]
fn the_small_document_gets_its_defaults() {
    expect_test::expect_file!["golden/small_written.json"]
        .assert_eq(&(pretty(&parse(SMALL).to_json()) + "\n"));
}

#[test]
fn browsers_get_only_what_they_may_know() {
    let config = parse(FULL);
    let json = PublicConfig::new(&config, 7).to_json();
    expect_test::expect_file!["golden/full_public.json"].assert_eq(&(pretty(&json) + "\n"));
    for pool in &config.pools {
        for number in &pool.numbers {
            assert!(!json.contains(&number.to_string()), "{number}");
        }
    }
    assert!(!json.contains("secret"));
}
