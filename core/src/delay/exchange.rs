//! What was counted of delays as a document: to keep, to compare, to begin another site with.
//!
//! Form: `docs/reference/delays.md`. What is not here: who may read or replace it, and where it is
//! stored. Invariants: what [`DelayCounts::document`] writes is read back as it was; of a document
//! that is not understood every fault is named, up to [`FAULTS`], and nothing is taken.

use super::{BINS, CLASSES, Class, DelayCounts, Device, Engagement, Tab, bin_start};
use crate::api::unread::Unread;
use crate::limits::FAULTS;
use serde_json::{Map, Value, json};

/// The version of the form.
const VERSION: u64 = 1;
/// The greatest figure: ten thousand years of one visitor, in seconds.
const MOST: f64 = 3.2e11;

/// One thing that must be changed before a document is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayFault {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// A stable word for programs.
    pub code: &'static str,
    /// What it must be, in English.
    pub en: String,
    /// What it must be, in Russian.
    pub ru: String,
}

/// Why a document is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentError {
    /// It is no JSON; where not.
    NotJson(Unread),
    /// All its faults.
    Faults(Vec<DelayFault>),
}

impl DelayCounts {
    /// As a document. Classes of which nothing was counted are left out.
    pub fn document(&self) -> Value {
        let row = |class: usize, of: &dyn Fn(usize, usize) -> f64| -> Vec<Value> {
            (0..BINS).map(|bin| figure(of(class, bin))).collect()
        };
        let classes = (0..CLASSES).filter_map(|index| {
            let counted =
                (0..BINS).any(|bin| self.calls(index, bin) > 0.0 || self.seconds(index, bin) > 0.0);
            let mut class = serde_json::to_value(Class::from_index(index)).unwrap_or_default();
            class["calls"] = row(index, &|class, bin| self.calls(class, bin)).into();
            class["seconds"] = row(index, &|class, bin| self.seconds(class, bin)).into();
            counted.then_some(class)
        });
        json!({
            "v": VERSION,
            "visits": figure(self.visits()),
            "bin_starts_ms": bin_starts_ms(),
            "classes": classes.collect::<Vec<Value>>(),
        })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// All its faults.
    pub fn of_document(text: &str) -> Result<Self, DocumentError> {
        let value: Value =
            serde_json::from_str(text).map_err(|fault| DocumentError::NotJson(fault.into()))?;
        let mut reader = Reader::default();
        let counts = reader.counts(&value);
        if reader.faults.is_empty() {
            Ok(counts)
        } else {
            Err(DocumentError::Faults(reader.faults))
        }
    }
}

fn bin_starts_ms() -> Vec<u64> {
    (0..BINS).map(|bin| bin_start(bin).0).collect()
}

/// A figure as short as it was counted.
fn figure(value: f64) -> Value {
    json!(value as f32)
}

/// What is expected of a place of the document.
struct Expected(&'static str, &'static str, &'static str);

const OBJECT: Expected = Expected("object", "Must be an object.", "Нужен объект.");
const LIST: Expected = Expected("list", "Must be a list.", "Нужен список.");
const FLAG: Expected = Expected("flag", "Must be true or false.", "Нужно true или false.");
const FIGURE: Expected = Expected(
    "figure",
    "Must be a number from 0 to 3.2e11.",
    "Нужно число от 0 до 3,2e11.",
);
const FIGURES: Expected = Expected(
    "figures",
    "Must be a list of 46 numbers, one for every age.",
    "Нужен список из 46 чисел, по одному на возраст.",
);
const MISSING: Expected = Expected("missing", "Is missing.", "Не хватает.");
const UNKNOWN: Expected = Expected("unknown", "Is not known here.", "Такого здесь нет.");
const TWICE: Expected = Expected(
    "twice",
    "Is a class that stands above already.",
    "Такой класс уже есть выше.",
);
const BINS_DIFFER: Expected = Expected(
    "bins",
    "Must be the ages that this version counts by; GET tells them.",
    "Нужны возрасты, по которым считает эта версия; их сообщает GET.",
);
const FORM: Expected = Expected(
    "version",
    "Must be 1: other forms are not known here.",
    "Нужно 1: другие формы здесь неизвестны.",
);

const MEMBERS: [&str; 4] = ["v", "visits", "bin_starts_ms", "classes"];
const CLASS_MEMBERS: [&str; 7] = [
    "device",
    "engagement",
    "intent",
    "tab",
    "tapped",
    "calls",
    "seconds",
];

#[derive(Default)]
struct Reader {
    faults: Vec<DelayFault>,
}

impl Reader {
    fn fault(&mut self, pointer: &str, expected: &Expected) {
        self.fault_told(pointer, expected.0, expected.1, expected.2);
    }

    fn fault_told(&mut self, pointer: &str, code: &'static str, en: &str, ru: &str) {
        if self.faults.len() < FAULTS {
            self.faults.push(DelayFault {
                pointer: pointer.to_owned(),
                code,
                en: en.to_owned(),
                ru: ru.to_owned(),
            });
        }
    }

    fn counts(&mut self, value: &Value) -> DelayCounts {
        let mut counts = DelayCounts::default();
        let Some(members) = self.object("", value, &MEMBERS) else {
            return counts;
        };
        if members
            .get("v")
            .is_some_and(|v| v.as_u64() != Some(VERSION))
        {
            self.fault("/v", &FORM);
        }
        if let Some(visits) = members.get("visits") {
            counts.set_visits(self.figure("/visits", visits));
        }
        if let Some(starts) = members.get("bin_starts_ms")
            && *starts != json!(bin_starts_ms())
        {
            self.fault("/bin_starts_ms", &BINS_DIFFER);
        }
        match members.get("classes") {
            Some(Value::Array(classes)) => self.classes(classes, &mut counts),
            Some(_) => self.fault("/classes", &LIST),
            None => {}
        }
        counts
    }

    fn classes(&mut self, classes: &[Value], counts: &mut DelayCounts) {
        let mut seen = [false; CLASSES];
        for (place, value) in classes.iter().enumerate() {
            let at = format!("/classes/{place}");
            let Some(members) = self.object(&at, value, &CLASS_MEMBERS) else {
                continue;
            };
            let before = self.faults.len();
            let class = self.class(&at, members);
            let row = |reader: &mut Self, name: &str| {
                let value = members.get(name)?;
                reader.figures(&format!("{at}/{name}"), value)
            };
            let (calls, seconds) = (row(self, "calls"), row(self, "seconds"));
            if core::mem::replace(&mut seen[class.index()], true) && self.faults.len() == before {
                self.fault(&at, &TWICE);
            }
            if let (Some(calls), Some(seconds)) = (calls, seconds) {
                counts.set_class(class, &calls, &seconds);
            }
        }
    }

    fn class(&mut self, at: &str, members: &Map<String, Value>) -> Class {
        let flag = |reader: &mut Self, name: &str| match members.get(name) {
            Some(Value::Bool(flag)) => *flag,
            None => false,
            Some(_) => {
                reader.fault(&format!("{at}/{name}"), &FLAG);
                false
            }
        };
        let (intent, tapped) = (flag(self, "intent"), flag(self, "tapped"));
        Class {
            device: self.word(
                at,
                members,
                "device",
                &[("mobile", Device::Mobile), ("desktop", Device::Desktop)],
            ),
            engagement: self.word(
                at,
                members,
                "engagement",
                &[
                    ("bounce", Engagement::Bounce),
                    ("engaged", Engagement::Engaged),
                    ("deep", Engagement::Deep),
                ],
            ),
            intent,
            tab: self.word(
                at,
                members,
                "tab",
                &[("open", Tab::Open), ("closed", Tab::Closed)],
            ),
            tapped,
        }
    }

    fn word<T: Copy + Default>(
        &mut self,
        at: &str,
        members: &Map<String, Value>,
        name: &str,
        words: &[(&str, T)],
    ) -> T {
        let Some(value) = members.get(name) else {
            return T::default();
        };
        let said = value.as_str();
        if let Some((_, known)) = words.iter().find(|(word, _)| Some(*word) == said) {
            return *known;
        }
        let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let list = list.join(", ");
        let (en, ru) = (
            format!("Must be one of: {list}."),
            format!("Одно из: {list}."),
        );
        self.fault_told(&format!("{at}/{name}"), "word", &en, &ru);
        T::default()
    }

    /// The members of an object that has just those.
    fn object<'v>(
        &mut self,
        at: &str,
        value: &'v Value,
        wanted: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.fault(at, &OBJECT);
            return None;
        };
        for name in wanted.iter().filter(|name| !members.contains_key(**name)) {
            self.fault(&format!("{at}/{name}"), &MISSING);
        }
        for name in members
            .keys()
            .filter(|name| !wanted.contains(&name.as_str()))
        {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            self.fault(&format!("{at}/{escaped}"), &UNKNOWN);
        }
        Some(members)
    }

    fn figures(&mut self, at: &str, value: &Value) -> Option<Vec<f32>> {
        let Some(list) = value.as_array().filter(|list| list.len() == BINS) else {
            self.fault(at, &FIGURES);
            return None;
        };
        let figures = list.iter().enumerate();
        let read = figures.map(|(place, value)| self.figure(&format!("{at}/{place}"), value));
        Some(read.collect())
    }

    fn figure(&mut self, at: &str, value: &Value) -> f32 {
        match value.as_f64() {
            Some(figure) if (0.0..=MOST).contains(&figure) => figure as f32,
            _ => {
                self.fault(at, &FIGURE);
                0.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;

    fn faults(text: &str) -> String {
        let told = |fault: &DelayFault| {
            let place = Some(fault.pointer.as_str()).filter(|place| !place.is_empty());
            let place = place.unwrap_or("(all of it)");
            format!("{place} {} {}\n", fault.code, fault.en)
        };
        match DelayCounts::of_document(text) {
            Err(DocumentError::Faults(faults)) => faults.iter().map(told).collect(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_fault_is_named() {
        let text = r#"{
            "v": 2, "visits": -1, "bin_starts_ms": [0], "extra/one": 1,
            "classes": [
                7,
                {"device": "fridge", "engagement": "deep", "intent": 1, "tab": "open",
                 "tapped": false, "calls": [1], "seconds": "x"},
                {}
            ]
        }"#;
        expect![[r#"
            /extra~1one unknown Is not known here.
            /v version Must be 1: other forms are not known here.
            /visits figure Must be a number from 0 to 3.2e11.
            /bin_starts_ms bins Must be the ages that this version counts by; GET tells them.
            /classes/0 object Must be an object.
            /classes/1/intent flag Must be true or false.
            /classes/1/device word Must be one of: mobile, desktop.
            /classes/1/calls figures Must be a list of 46 numbers, one for every age.
            /classes/1/seconds figures Must be a list of 46 numbers, one for every age.
            /classes/2/device missing Is missing.
            /classes/2/engagement missing Is missing.
            /classes/2/intent missing Is missing.
            /classes/2/tab missing Is missing.
            /classes/2/tapped missing Is missing.
            /classes/2/calls missing Is missing.
            /classes/2/seconds missing Is missing.
        "#]]
        .assert_eq(&faults(text));
        expect![[r#"
             (all of it) object Must be an object.
        "#]]
        .assert_eq(&faults("[]"));
        assert!(matches!(
            DelayCounts::of_document("{"),
            Err(DocumentError::NotJson(_))
        ));
    }

    #[test]
    fn a_class_stands_once() {
        let mut counts = DelayCounts::default();
        counts.add_call(Class::default(), 3, 1.0);
        let mut document = counts.document();
        let class = document["classes"][0].clone();
        document["classes"].as_array_mut().unwrap().push(class);
        expect![[r#"
            /classes/1 twice Is a class that stands above already.
        "#]]
        .assert_eq(&faults(&document.to_string()));
        document["classes"][1]["tapped"] = true.into();
        document["classes"][1]["calls"][5] = json!(1e300);
        expect![[r#"
            /classes/1/calls/5 figure Must be a number from 0 to 3.2e11.
        "#]]
        .assert_eq(&faults(&document.to_string()));
    }

    #[test]
    fn nothing_counted_is_a_short_document() {
        let none = DelayCounts::default();
        assert_eq!(none.document()["classes"], json!([]));
        assert_eq!(
            DelayCounts::of_document(&none.document().to_string()),
            Ok(none)
        );
    }

    #[test]
    fn the_longest_document_fits_its_limit() {
        let mut counts = DelayCounts::default();
        for index in 0..CLASSES {
            let figures = [1.234_567_9e-5_f32; BINS];
            counts.set_class(Class::from_index(index), &figures, &figures);
        }
        let text = counts.document().to_string();
        assert!(
            text.len() < crate::limits::DELAYS_BODY_BYTES,
            "{}",
            text.len()
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            cells in prop::collection::vec((0..CLASSES, 0..BINS, 0.0f32..1.0, 0.0f32..1e7), 0..60),
            visits in 0u16..500,
        ) {
            let mut counts = DelayCounts::default();
            (0..visits).for_each(|_| counts.add_visit());
            for (class, bin, calls, seconds) in cells {
                counts.add_call(Class::from_index(class), bin, calls);
                counts.add_seconds(Class::from_index(class), bin, seconds);
            }
            let text = counts.document().to_string();
            prop_assert_eq!(DelayCounts::of_document(&text), Ok(counts));
        }

        #[test]
        fn nothing_makes_it_panic(text in r#"[\[\]{}":,0-9a-z ]{0,200}"#) {
            let _ = DelayCounts::of_document(&text);
        }
    }
}
