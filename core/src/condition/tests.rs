//! Every dimension by every operator.

use super::*;
use crate::label::read_labels;
use proptest::prelude::*;

fn facts() -> VisitFacts {
    let url = "https://shop.example/Sale/?roistat=direct4_search_77&utm_source=Yandex&yclid=1#a";
    let referrer = "https://news.example.co.uk/x";
    let labels = read_labels(url, referrer, None).labels;
    let origin = crate::channel::classify(url, "https://ya.ru/?text=Окна", &labels, |_| false);
    VisitFacts {
        labels,
        origin: Origin {
            referrer_domain: "news.example.co.uk".to_owned(),
            ..origin
        },
        referrer: referrer.to_owned(),
        landing_page: url.to_owned(),
        geo: Geo {
            country: "RU".to_owned(),
            region: "St.-Petersburg".to_owned(),
            region_code: "SPE".to_owned(),
            city: "Pushkin".to_owned(),
        },
        device: Device::Mobile,
        is_returning: true,
    }
}

fn condition(dimension: &str, operator: Operator, value: &str, negate: bool) -> Condition {
    let dimension = Dimension::parse(dimension).expect(dimension);
    Condition::new(dimension, operator, vec![value.to_owned()], negate).expect(value)
}

/// Whether one including condition holds; an excluding one must say the opposite.
fn holds(dimension: &str, operator: Operator, value: &str) -> bool {
    let included = admit(&[condition(dimension, operator, value, false)], &facts()).is_ok();
    let excluded = admit(&[condition(dimension, operator, value, true)], &facts()).is_err();
    assert_eq!(included, excluded, "{dimension} {value}");
    included
}

#[test]
fn every_dimension_by_every_operator() {
    use Operator::{Contains, Equals, Regex, Wildcard};
    for (dimension, operator, value) in [
        ("label", Equals, "direct4_search_77"),
        ("label", Wildcard, "direct*_7?"),
        ("label_level_1", Equals, "DIRECT4"),
        ("label_level_3", Regex, "^7+$"),
        ("utm_source", Contains, "ANDE"),
        ("click_id", Equals, "yclid"),
        ("channel", Equals, "paid"),
        ("source", Equals, "yandex"),
        ("referrer_domain", Equals, "example.co.uk"),
        ("referrer_domain", Wildcard, "*.example.co.uk"),
        ("referrer", Contains, "/x"),
        ("search_engine", Equals, "yandex"),
        ("search_phrase", Equals, "ОКНА"),
        ("landing_page", Equals, "/sale/"),
        ("landing_page", Contains, "utm_source=yandex"),
        ("landing_page", Wildcard, "https://shop.example/*"),
        ("country", Equals, "ru"),
        ("region", Equals, "Санкт-Петербург"),
        ("region", Equals, "spe"),
        ("region", Equals, "st.-petersburg"),
        ("region", Equals, "Saint Petersburg"),
        ("city", Equals, "pushkin"),
        ("device", Equals, "mobile"),
        ("visitor", Equals, "returning"),
    ] {
        assert!(holds(dimension, operator, value), "{dimension} {value}");
    }
    for (dimension, operator, value) in [
        ("label_level_4", Wildcard, "*"),
        ("label_param_1", Wildcard, "*"),
        ("utm_medium", Contains, "c"),
        ("openstat_service", Wildcard, "*"),
        ("click_id", Equals, "gclid"),
        ("referrer_domain", Equals, "ample.co.uk"),
        ("landing_page", Equals, "/sale"),
        ("landing_page", Contains, "#a"),
        ("region", Equals, "Москва"),
        ("visitor", Equals, "first"),
        ("label", Wildcard, "direct"),
        ("label", Regex, "^search"),
    ] {
        assert!(!holds(dimension, operator, value), "{dimension} {value}");
    }
}

#[test]
fn alternatives_within_a_dimension_demands_between_them() {
    use Operator::Equals;
    let yes = condition("city", Equals, "Pushkin", false);
    let no = condition("city", Equals, "Moscow", false);
    let device = condition("device", Equals, "desktop", false);
    let not_here = condition("city", Equals, "Pushkin", true);
    let decide = |conditions: &[&Condition]| {
        let conditions: Vec<Condition> = conditions.iter().map(|it| (*it).clone()).collect();
        admit(&conditions, &facts()).map_err(|refusal| (refusal.dimension, refusal.excluded))
    };
    assert_eq!(decide(&[]), Ok(()));
    assert_eq!(decide(&[&no, &yes]), Ok(()));
    assert_eq!(decide(&[&no]), Err((Dimension::City, false)));
    assert_eq!(decide(&[&yes, &device]), Err((Dimension::Device, false)));
    assert_eq!(decide(&[&yes, &not_here]), Err((Dimension::City, true)));
}

#[test]
fn regions_of_russia_are_listed_once() {
    let codes: Vec<&str> = REGIONS_RU
        .lines()
        .filter(|row| !row.starts_with('#'))
        .map(|row| row.split('\t').next().expect("a code"))
        .collect();
    assert_eq!(codes.len(), 83);
    assert!(codes.is_sorted());
    let mut names: Vec<&str> = REGIONS_RU
        .lines()
        .filter(|row| !row.starts_with('#'))
        .flat_map(|row| row.split('\t').skip(1))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_combination_has_a_value_for_each_parameter() {
    let dimensions = [
        Dimension::Utm(Utm::Source),
        Dimension::Utm(Utm::Medium),
        Dimension::City,
    ];
    let values = combination(&dimensions, &facts());
    assert_eq!(
        values,
        Some(vec![
            "yandex".to_owned(),
            String::new(),
            "pushkin".to_owned()
        ])
    );
    assert_eq!(combination(&dimensions[1..2], &facts()), None);
}

/// The plain meaning of a wildcard.
fn slow_wildcard(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|from| slow_wildcard(rest, &text[from..])),
        Some((c, rest)) => text
            .split_first()
            .is_some_and(|(first, text)| (*c == '?' || c == first) && slow_wildcard(rest, text)),
    }
}

proptest! {
    #[test]
    fn wildcards_mean_what_they_say(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(wildcard(&pattern, &text), slow_wildcard(&chars(&pattern), &chars(&text)));
    }

    /// Any pattern is compiled or refused, and no visit can make a condition fail.
    #[test]
    fn testing_never_fails(value in "\\PC{0,20}", url in "\\PC{0,40}") {
        let labels = Labels::of_url(&url);
        let facts = VisitFacts { landing_page: url, labels, ..VisitFacts::default() };
        for dimension in Dimension::all() {
            for operator in Operator::ALL {
                let values = vec![value.clone()];
                if let Ok(condition) = Condition::new(dimension, operator, values, false) {
                    let _ = admit(&[condition], &facts);
                }
            }
        }
    }

    #[test]
    fn the_order_of_conditions_decides_nothing(
        conditions in prop::collection::vec(
            (prop::sample::select(vec!["city", "device", "label"]),
             prop::sample::select(vec!["pushkin", "mobile", "direct4_search_77", "x"]),
             any::<bool>()),
            0..6,
        ),
    ) {
        let make = |(dimension, value, negate): &(&str, &str, bool)| {
            condition(dimension, Operator::Equals, value, *negate)
        };
        let forward: Vec<_> = conditions.iter().map(make).collect();
        let backward: Vec<_> = conditions.iter().rev().map(make).collect();
        prop_assert_eq!(admit(&forward, &facts()).is_ok(), admit(&backward, &facts()).is_ok());
    }
}

#[test]
fn each_condition_says_what_it_saw_and_whether_it_refuses() {
    use Operator::{Contains, Equals};
    let conditions = [
        condition("utm_source", Equals, "google", false),
        condition("utm_source", Contains, "YAND", false),
        condition("city", Equals, "Moscow", false),
        condition("device", Equals, "mobile", true),
        condition("utm_term", Equals, "x", true),
    ];
    let told: Vec<_> = test_each(&conditions, &facts())
        .into_iter()
        .map(|one| (one.dimension.name(), one.seen, one.fits, one.refuses))
        .collect();
    let seen = |text: &str| vec![text.to_owned()];
    assert_eq!(
        told,
        [
            // Another condition of the dimension includes the visit.
            ("utm_source", seen("Yandex"), false, false),
            ("utm_source", seen("Yandex"), true, false),
            ("city", seen("Pushkin"), false, true),
            ("device", seen("mobile"), true, true),
            ("utm_term", vec![], false, false),
        ]
    );
}

proptest! {
    #[test]
    fn a_visit_is_refused_when_a_condition_refuses_it(
        picked in proptest::collection::vec((0..5_usize, any::<bool>()), 0..6)
    ) {
        let kinds = [
            ("utm_source", "yandex"),
            ("utm_source", "google"),
            ("city", "pushkin"),
            ("device", "desktop"),
            ("utm_term", "x"),
        ];
        let conditions: Vec<Condition> = picked
            .iter()
            .map(|(at, negate)| condition(kinds[*at].0, Operator::Equals, kinds[*at].1, *negate))
            .collect();
        let refuses = test_each(&conditions, &facts()).iter().any(|one| one.refuses);
        prop_assert_eq!(refuses, admit(&conditions, &facts()).is_err());
    }
}
