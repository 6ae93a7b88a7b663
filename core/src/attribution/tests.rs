use super::*;
use crate::delay::{Class, Engagement};
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A mobile visitor who left `ago_s` seconds before [`NOW`].
fn left(n: u128, ago_s: u64) -> PastHolder {
    PastHolder {
        visitor: VisitorId(n),
        visit: VisitId(n),
        lease: LeaseId(n),
        row: n as u64,
        granted_at: NOW - Millis::from_secs(ago_s + 60),
        last_activity: NOW - Millis::from_secs(ago_s),
        active: false,
        current: n == 1,
        leased: false,
        tap_at: None,
        class: Class {
            device: Device::Desktop,
            engagement: Engagement::Engaged,
            intent: false,
            tab: Tab::Closed,
            tapped: false,
        },
        region: Region(0),
        pages: 0,
        called: false,
        moved: false,
    }
}

fn tapped(n: u128, ago_s: u64) -> PastHolder {
    PastHolder {
        tap_at: Some(NOW - Millis::from_secs(ago_s)),
        class: Class {
            device: Device::Mobile,
            tapped: true,
            ..left(n, ago_s).class
        },
        ..left(n, ago_s)
    }
}

fn judge(call: &Call, candidates: &[PastHolder], settings: &Settings) -> Verdict {
    attribute(call, candidates, &DelayModel::default(), settings)
}

fn now() -> Call {
    Call {
        at: NOW,
        ..Call::default()
    }
}

fn credited(verdict: &Verdict) -> Option<u128> {
    match verdict.credit {
        Credit::Holder { visitor, .. } | Credit::Remembered { visitor, .. } => Some(visitor.0),
        Credit::Nobody { .. } => None,
    }
}

#[test]
fn the_recent_one_is_likelier_than_the_one_of_yesterday() {
    let verdict = judge(
        &now(),
        &[left(1, 120), left(2, 86_400)],
        &Settings::default(),
    );
    assert_eq!(credited(&verdict), Some(1));
    assert!(verdict.confidence > 0.9);
}

#[test]
fn a_tap_outweighs_holding_the_number_now() {
    let mut present = left(1, 0);
    present.active = true;
    let verdict = judge(&now(), &[present, tapped(2, 8)], &Settings::default());
    assert_eq!(credited(&verdict), Some(2));
    assert!(matches!(
        verdict.candidates[1].reasons[0],
        Reason::Tapped { .. }
    ));
}

#[test]
fn the_field_s_rules_credit_whom_they_say() {
    let candidates = [left(1, 3_600), tapped(2, 8)];
    let by = |rule| {
        let settings = Settings {
            rule,
            ..Settings::default()
        };
        judge(&now(), &candidates, &settings).credit
    };
    let last = by(Rule::LastHolder);
    assert!(
        matches!(
            last,
            Credit::Holder {
                visitor: VisitorId(2),
                ..
            }
        ),
        "{last:?}"
    );
    assert_eq!(
        by(Rule::CurrentHolder),
        Credit::Nobody {
            reason: Nobody::HeldByNobody
        }
    );
}

#[test]
fn unattributed_calls_say_why() {
    let none = judge(&now(), &[], &Settings::default());
    let old = judge(&now(), &[left(1, 40 * 86_400)], &Settings::default());
    let sure = Settings {
        abstain_below: 0.9,
        ..Settings::default()
    };
    let torn = judge(&now(), &[left(1, 100), left(2, 110)], &sure);
    let reasons = [none, old, torn].map(|verdict| match verdict.credit {
        Credit::Nobody { reason } => reason,
        other => panic!("{other:?}"),
    });
    assert_eq!(
        reasons,
        [Nobody::NeverLent, Nobody::TooLongAgo, Nobody::NotSure]
    );
}

#[test]
fn regions_part_two_equals() {
    let mut here = left(1, 300);
    let mut there = left(2, 240);
    (here.region, there.region) = (Region(1), Region(2));
    let call = Call {
        region: Region(1),
        ..now()
    };
    let verdict = judge(&call, &[here, there], &Settings::default());
    assert_eq!(credited(&verdict), Some(1));
    assert!(verdict.confidence > verdict.confidence_without_region + 0.3);
}

#[test]
fn a_known_caller_is_not_glued_to_the_present_holder() {
    let mut present = left(1, 0);
    present.active = true;
    let known = |visitor| Call {
        known: Some(Known {
            visitor: VisitorId(visitor),
            visit: VisitId(visitor),
            called_at: NOW - Millis::from_mins(60 * 24 * 3),
        }),
        ..now()
    };
    let elsewhere = judge(&known(9), &[present], &Settings::default());
    assert_eq!(
        elsewhere.credit,
        Credit::Remembered {
            visitor: VisitorId(9),
            visit: VisitId(9)
        }
    );
    let back = judge(&known(1), &[present], &Settings::default());
    assert_eq!(credited(&back), Some(1));
    assert!(back.confidence > 0.9);
}

/// `holder` as an earlier visit of the visitor `n`, who had the number again since.
fn earlier_of(n: u128, holder: PastHolder) -> PastHolder {
    PastHolder {
        visitor: VisitorId(n),
        visit: VisitId(n + 100),
        lease: LeaseId(n + 100),
        moved: true,
        current: false,
        ..holder
    }
}

#[test]
fn who_came_again_is_weighed_once_and_credited_with_his_latest_visit() {
    // He left five seconds ago and is back for three: by the delays of calls a visit just left
    // speaks louder than one just begun, and here it has the tap too.
    let mut back = left(1, 0);
    (back.active, back.leased) = (true, true);
    back.granted_at = NOW - Millis::from_secs(3);
    for before in [left(9, 5), tapped(9, 5)] {
        let before = earlier_of(1, before);
        let verdict = judge(&now(), &[back, before, left(2, 600)], &Settings::default());
        assert!(
            matches!(
                verdict.credit,
                Credit::Holder {
                    visit: VisitId(1),
                    ..
                }
            ),
            "{:?}",
            verdict.credit
        );
        assert_eq!(verdict.candidates[1].share, 0.0);
        assert!(verdict.candidates[1].reasons.contains(&Reason::CameAgain));
        assert!(verdict.confidence > 0.9, "{}", verdict.confidence);
        // Of two visits the visitor is no likelier than of the one that speaks most for him.
        let alone = judge(&now(), &[back, left(2, 600)], &Settings::default());
        assert!(verdict.confidence >= alone.confidence);
    }
}

#[test]
fn the_visits_of_one_do_not_add_up_against_another() {
    let many: Vec<PastHolder> = (0..20)
        .map(|place| earlier_of(1, left(9, 200 + place)))
        .collect();
    let candidates = [vec![left(2, 100), left(1, 190)], many].concat();
    let verdict = judge(&now(), &candidates, &Settings::default());
    assert_eq!(credited(&verdict), Some(2));
    let two = judge(&now(), &candidates[..2], &Settings::default());
    assert!((verdict.confidence - two.confidence).abs() < 1e-6);
}

#[test]
fn a_known_caller_is_credited_with_his_latest_visit() {
    let call = Call {
        known: Some(Known {
            visitor: VisitorId(1),
            visit: VisitId(101),
            called_at: NOW - Millis::from_mins(60),
        }),
        ..now()
    };
    // Whatever the order in which candidates are given.
    for turn in [false, true] {
        let mut candidates = [left(1, 60), earlier_of(1, left(9, 3_600))];
        if turn {
            candidates.reverse();
        }
        let verdict = judge(&call, &candidates, &Settings::default());
        let Credit::Holder { visit, .. } = verdict.credit else {
            panic!("{:?}", verdict.credit);
        };
        assert_eq!(visit, VisitId(1));
    }
}

#[test]
fn having_called_lowers_the_share() {
    let mut called = left(1, 100);
    let share =
        |holder| judge(&now(), &[holder, left(2, 100)], &Settings::default()).candidates[0].share;
    let before = share(called);
    called.called = true;
    assert!(share(called) < before / 2.0);
}

#[test]
fn every_reason_has_words_in_both_languages() {
    let ago_ms = Millis::from_mins(5);
    let all = [
        Reason::Tapped { ago_ms },
        Reason::KnownCaller,
        Reason::Active,
        Reason::PageOpen { ago_ms },
        Reason::Left { ago_ms },
        Reason::GivenOn,
        Reason::ShownAnother,
        Reason::CameAgain,
        Reason::CalledAlready,
        Reason::SameRegion,
        Reason::OtherRegion,
        Reason::Intent,
        Reason::TooLongAgo,
    ];
    let text: Vec<String> = all
        .iter()
        .map(|r| format!("{} | {}", r.en(), r.ru()))
        .collect();
    expect_test::expect![[r#"
        tapped the number 5 min before the call | нажал на номер за 5 мин до звонка
        this caller has called for this visitor before | с этого номера уже звонил этот посетитель
        was active on the site | был активен на сайте
        page open, last active 5 min before the call | страница открыта, последнее действие за 5 мин до звонка
        last active 5 min before the call | последнее действие за 5 мин до звонка
        the number was given to another visitor after | после него номер выдан другому посетителю
        was shown another number since | позже видел другой номер
        came again later: weighed by that visit | позже пришёл снова: учтён в том визите
        has called already | уже звонил
        the caller's number is from the visitor's region | номер звонящего из региона посетителя
        the caller's number is from another region | номер звонящего из другого региона
        showed the wish to get in touch | собирался связаться
        too long ago to be linked to the visit | слишком давно, чтобы связать с визитом"#]].assert_eq(&text.join("\n"));
}

prop_compose! {
    fn any_holder()(
        n in 1u128..50, ago in 0u64..3_000_000, class in 0usize..crate::delay::CLASSES,
        region in 0u32..4, active: bool, current: bool, called: bool, moved: bool,
        tap in prop::option::of(0u64..10_000),
    ) -> PastHolder {
        PastHolder {
            class: Class::from_index(class), region: Region(region), active, current, called, moved,
            tap_at: tap.map(|ago| NOW - Millis::from_secs(ago)),
            ..left(n, ago)
        }
    }
}

proptest! {
    #[test]
    fn shares_sum_to_one(
        candidates in prop::collection::vec(any_holder(), 0..40),
        region in 0u32..4, mobile: Option<bool>, known in prop::option::of(1u128..60),
        ignore_taps: bool, abstain_below in 0.0f32..1.0,
    ) {
        let call = Call {
            at: NOW,
            region: Region(region),
            mobile,
            known: known.map(|n| Known {
                visitor: VisitorId(n), visit: VisitId(n), called_at: NOW - Millis::from_mins(90),
            }),
        };
        let settings = Settings { ignore_taps, abstain_below, ..Settings::default() };
        let verdict = judge(&call, &candidates, &settings);
        let sum: f32 = verdict.candidates.iter().map(|w| w.share).sum::<f32>()
            + verdict.remembered + verdict.stranger;
        prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
        prop_assert!(verdict.candidates.iter().all(|w| (0.0..=1.0).contains(&w.share)));
        // The same arguments, the same verdict.
        prop_assert_eq!(&verdict, &judge(&call, &candidates, &settings));
    }

    #[test]
    fn more_certainty_asked_never_answers_more(
        candidates in prop::collection::vec(any_holder(), 1..20), low in 0.0f32..0.5,
    ) {
        let answers = |abstain_below| {
            let settings = Settings { abstain_below, ..Settings::default() };
            !matches!(judge(&now(), &candidates, &settings).credit, Credit::Nobody { .. })
        };
        prop_assert!(answers(low) || !answers(low + 0.4));
    }
}
