//! Conditions: tests on a visit that admit it to a scenario.
//!
//! Within one dimension any including condition may hold (OR), every dimension must (AND), and an
//! excluding condition that holds refuses whatever the others say. Values are compared without
//! regard to case. A visit that has no value in a dimension (no search phrase, say) meets no
//! including condition on it and no excluding one.
//!
//! Regular expressions are of the linear-time kind, so no pattern can stall a request. They see the
//! text in small letters.

mod tested;

pub use tested::{Tested, test_each};

use crate::channel::{Channel, Origin};
use crate::label::{Click, Labels, Utm};
use crate::limits;
use serde::{Deserialize, Serialize, Serializer};

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The Roistat label, whole.
    Label,
    /// One level of the Roistat label, 1 to 7.
    LabelLevel(u8),
    /// `roistat_param1` to `roistat_param5`.
    LabelParam(u8),
    /// A parameter of the UTM set.
    Utm(Utm),
    /// A part of openstat: service, campaign, ad, source.
    Openstat(OpenstatPart),
    /// Names of the click ids present (`gclid`, `yclid` …).
    ClickId,
    /// The channel's name.
    Channel,
    /// The source within the channel.
    Source,
    /// Host of the referrer without `www.`, and each domain above it.
    ReferrerDomain,
    /// Address of the referrer.
    Referrer,
    /// Name of the search engine.
    SearchEngine,
    /// What was searched for.
    SearchPhrase,
    /// First page of the visit: its address, and its path with and without the query.
    LandingPage,
    /// Two-letter country.
    Country,
    /// Region by name or by code; Russian regions by any of their names in both languages.
    Region,
    /// City.
    City,
    /// `desktop`, `mobile` or `tablet`.
    Device,
    /// `first` or `returning`.
    Visitor,
}

/// Parts of openstat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenstatPart {
    /// Advertising system.
    Service,
    /// Campaign.
    Campaign,
    /// Advertisement.
    Ad,
    /// Place where it was shown.
    Source,
}

/// Every dimension by its name in configuration.
const DIMENSIONS: [(&str, Dimension); 34] = [
    ("label", Dimension::Label),
    ("label_level_1", Dimension::LabelLevel(1)),
    ("label_level_2", Dimension::LabelLevel(2)),
    ("label_level_3", Dimension::LabelLevel(3)),
    ("label_level_4", Dimension::LabelLevel(4)),
    ("label_level_5", Dimension::LabelLevel(5)),
    ("label_level_6", Dimension::LabelLevel(6)),
    ("label_level_7", Dimension::LabelLevel(7)),
    ("label_param_1", Dimension::LabelParam(1)),
    ("label_param_2", Dimension::LabelParam(2)),
    ("label_param_3", Dimension::LabelParam(3)),
    ("label_param_4", Dimension::LabelParam(4)),
    ("label_param_5", Dimension::LabelParam(5)),
    ("utm_source", Dimension::Utm(Utm::Source)),
    ("utm_medium", Dimension::Utm(Utm::Medium)),
    ("utm_campaign", Dimension::Utm(Utm::Campaign)),
    ("utm_term", Dimension::Utm(Utm::Term)),
    ("utm_content", Dimension::Utm(Utm::Content)),
    (
        "openstat_service",
        Dimension::Openstat(OpenstatPart::Service),
    ),
    (
        "openstat_campaign",
        Dimension::Openstat(OpenstatPart::Campaign),
    ),
    ("openstat_ad", Dimension::Openstat(OpenstatPart::Ad)),
    ("openstat_source", Dimension::Openstat(OpenstatPart::Source)),
    ("click_id", Dimension::ClickId),
    ("channel", Dimension::Channel),
    ("source", Dimension::Source),
    ("referrer_domain", Dimension::ReferrerDomain),
    ("referrer", Dimension::Referrer),
    ("search_engine", Dimension::SearchEngine),
    ("search_phrase", Dimension::SearchPhrase),
    ("landing_page", Dimension::LandingPage),
    ("country", Dimension::Country),
    ("region", Dimension::Region),
    ("city", Dimension::City),
    ("device", Dimension::Device),
];

const VISITOR: &str = "visitor";

impl Dimension {
    /// Every dimension.
    pub fn all() -> impl Iterator<Item = Self> {
        let listed = DIMENSIONS.iter().map(|(_, dimension)| *dimension);
        listed.chain([Self::Visitor])
    }

    /// Its name in configuration.
    pub fn name(self) -> &'static str {
        let row = DIMENSIONS.iter().find(|(_, dimension)| *dimension == self);
        row.map_or(VISITOR, |(name, _)| name)
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|dimension| dimension.name() == name)
    }

    /// The values there are, where they are few.
    pub fn known_values(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Channel => Some(Channel::ALL.map(Channel::name).to_vec()),
            Self::ClickId => Some(Click::ALL.map(Click::name).to_vec()),
            Self::Device => Some(Device::ALL.map(Device::name).to_vec()),
            Self::Visitor => Some(vec!["first", "returning"]),
            _ => None,
        }
    }
}

impl Serialize for Dimension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same text.
    Equals,
    /// Somewhere in the text.
    Contains,
    /// The whole text, where `*` is anything and `?` one character.
    Wildcard,
    /// Somewhere in the text; anchor with `^` and `$`.
    Regex,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 4] = [Self::Equals, Self::Contains, Self::Wildcard, Self::Regex];

    /// Its name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Contains => "contains",
            Self::Wildcard => "wildcard",
            Self::Regex => "regex",
        }
    }
}

/// One test on one dimension.
#[derive(Clone, Debug, Serialize)]
pub struct Condition {
    /// What it looks at.
    pub dimension: Dimension,
    /// How it compares.
    pub operator: Operator,
    values: Vec<Value>,
    /// Whether it excludes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub negate: bool,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        (self.dimension, self.operator, self.negate)
            == (other.dimension, other.operator, other.negate)
            && self.values().eq(other.values())
    }
}

/// A value as written, ready to compare.
#[derive(Clone, Debug)]
struct Value {
    text: String,
    folded: String,
    regex: Option<regex_lite::Regex>,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Largest compiled program of one pattern: a few hundred states, far above what a label needs.
const REGEX_BYTES: usize = 64 * 1024;

impl Condition {
    /// A condition on `values`.
    ///
    /// # Errors
    /// The place of the first value that is no regular expression, and why.
    pub fn new(
        dimension: Dimension,
        operator: Operator,
        values: Vec<String>,
        negate: bool,
    ) -> Result<Self, (usize, String)> {
        let compile = |(index, text): (usize, String)| {
            let regex = (operator == Operator::Regex)
                .then(|| {
                    regex_lite::RegexBuilder::new(&text)
                        .case_insensitive(true)
                        .size_limit(REGEX_BYTES)
                        .build()
                })
                .transpose()
                .map_err(|error| (index, error.to_string()))?;
            let folded = fold(&text);
            Ok(Value {
                text,
                folded,
                regex,
            })
        };
        let values = values.into_iter().enumerate().map(compile);
        Ok(Self {
            dimension,
            operator,
            values: values.collect::<Result<_, _>>()?,
            negate,
        })
    }

    /// The values as written.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.text.as_str())
    }

    /// Whether any value fits `text`, which is folded already.
    fn fits(&self, text: &str) -> bool {
        self.values.iter().any(|value| match self.operator {
            Operator::Equals => text == value.folded,
            Operator::Contains => text.contains(&value.folded),
            Operator::Wildcard => wildcard(&value.folded, text),
            Operator::Regex => value
                .regex
                .as_ref()
                .is_some_and(|regex| regex.is_match(text)),
        })
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// Whether `text` is of the form `pattern`: `*` anything, `?` one character. Linear in memory,
/// pattern times text in time.
fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and how much text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Kind of device.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// A computer, and whatever does not say.
    #[default]
    Desktop,
    /// A telephone.
    Mobile,
    /// A tablet.
    Tablet,
}

impl Device {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Desktop, Self::Mobile, Self::Tablet];

    /// Its name in configuration and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
        }
    }

    /// Reads what the agent says; anything unknown is a computer.
    pub fn read(name: &str) -> Self {
        let known = Self::ALL.into_iter().find(|device| device.name() == name);
        known.unwrap_or_default()
    }
}

/// Where the visitor is, as the network tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Geo {
    /// Two letters (ISO 3166-1), empty if unknown.
    pub country: String,
    /// Name of the region, empty if unknown.
    pub region: String,
    /// Code of the region within the country (ISO 3166-2), empty if unknown.
    pub region_code: String,
    /// City, empty if unknown.
    pub city: String,
}

const REGIONS_RU: &str = include_str!("../../data/regions-ru.tsv");

impl Geo {
    /// The region as the network tells it, its code, and for Russian ones every name in use.
    fn region_names(&self) -> Vec<String> {
        let mut names = vec![self.region.clone(), self.region_code.clone()];
        if self.country == "RU" && !self.region_code.is_empty() {
            let mut rows = REGIONS_RU.lines().map(|row| row.split('\t'));
            let row = rows.find_map(|mut row| (row.next()? == self.region_code).then_some(row));
            names.extend(row.into_iter().flatten().map(str::to_owned));
        }
        names
    }
}

/// What is known of a visit when its scenarios are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitFacts {
    /// Labels of the address that began the visit.
    pub labels: Labels,
    /// Channel and source.
    pub origin: Origin,
    /// Referrer of the first page, whole.
    pub referrer: String,
    /// Address of the first page of the visit, whole.
    pub landing_page: String,
    /// Where the visitor is.
    pub geo: Geo,
    /// His device.
    pub device: Device,
    /// Whether he has been here before.
    pub is_returning: bool,
}

impl VisitFacts {
    /// The values of `dimension`, never empty texts.
    pub fn values(&self, dimension: Dimension) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        let some = |text: Option<&str>| vec![text.unwrap_or_default().to_owned()];
        let labels = &self.labels;
        let openstat = |part: OpenstatPart| {
            labels.openstat.as_ref().map(|openstat| match part {
                OpenstatPart::Service => openstat.service.as_str(),
                OpenstatPart::Campaign => &openstat.campaign,
                OpenstatPart::Ad => &openstat.ad,
                OpenstatPart::Source => &openstat.source,
            })
        };
        let mut values = match dimension {
            Dimension::Label => some(labels.marker.as_deref()),
            Dimension::LabelLevel(level) => some(labels.level(level)),
            Dimension::LabelParam(n) => some(labels.params.get(&n).map(String::as_str)),
            Dimension::Utm(utm) => some(labels.utm.get(&utm).map(String::as_str)),
            Dimension::Openstat(part) => some(openstat(part)),
            Dimension::ClickId => labels
                .clicks
                .keys()
                .map(|id| id.name().to_owned())
                .collect(),
            Dimension::Channel => one(self.origin.channel.name()),
            Dimension::Source => one(&self.origin.source),
            Dimension::ReferrerDomain => domains(&self.origin.referrer_domain),
            Dimension::Referrer => one(&self.referrer),
            Dimension::SearchEngine => some(self.origin.search_engine.as_deref()),
            Dimension::SearchPhrase => some(self.origin.search_phrase.as_deref()),
            Dimension::LandingPage => landing_texts(&self.landing_page),
            Dimension::Country => one(&self.geo.country),
            Dimension::Region => self.geo.region_names(),
            Dimension::City => one(&self.geo.city),
            Dimension::Device => one(self.device.name()),
            Dimension::Visitor => one(if self.is_returning {
                "returning"
            } else {
                "first"
            }),
        };
        values.retain(|text| !text.is_empty());
        values
    }
}

/// `a.b.example`, `b.example`: naming a site names what is below it.
fn domains(host: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = host;
    while rest.contains('.') && out.len() < 8 {
        out.push(rest.to_owned());
        rest = rest.split_once('.').map_or("", |(_, above)| above);
    }
    out
}

/// The address without fragment, and the path with and without the query.
fn landing_texts(url: &str) -> Vec<String> {
    let url = url.split_once('#').map_or(url, |(page, _)| page);
    let parts = crate::label::url_parts(url);
    let path = if parts.path.is_empty() {
        "/"
    } else {
        parts.path
    };
    let mut with_query = path.to_owned();
    if !parts.query.is_empty() {
        with_query.push('?');
        with_query.push_str(parts.query);
    }
    vec![url.to_owned(), with_query, path.to_owned()]
}

/// Why a list of conditions refused a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The dimension that decided.
    pub dimension: Dimension,
    /// What the visit has there.
    pub seen: Vec<String>,
    /// Whether an excluding condition holds; else no including one does.
    pub excluded: bool,
}

/// Tests a visit.
///
/// # Errors
/// The first dimension, in the order of the conditions, that refuses it.
pub fn admit(conditions: &[Condition], facts: &VisitFacts) -> Result<(), Refusal> {
    for (index, condition) in conditions.iter().enumerate() {
        let dimension = condition.dimension;
        let earlier = conditions.iter().take(index);
        if earlier.clone().any(|other| other.dimension == dimension) {
            continue;
        }
        let seen = facts.values(dimension);
        let folded: Vec<String> = seen.iter().map(|text| fold(text)).collect();
        let same = conditions
            .iter()
            .filter(|other| other.dimension == dimension);
        let (mut includes, mut included, mut excluded) = (false, false, false);
        for condition in same {
            let fits = folded.iter().any(|text| condition.fits(text));
            if condition.negate {
                excluded |= fits;
            } else {
                includes = true;
                included |= fits;
            }
        }
        if excluded || (includes && !included) {
            return Err(Refusal {
                dimension,
                seen,
                excluded,
            });
        }
    }
    Ok(())
}

/// The combination of `dimensions` that a visit has, as one key: values in small letters, cut at
/// [`limits::LABEL_VALUE_CHARS`]. Nothing if it has none of them.
pub fn combination(dimensions: &[Dimension], facts: &VisitFacts) -> Option<Vec<String>> {
    let value = |dimension: &Dimension| {
        let first = facts
            .values(*dimension)
            .into_iter()
            .next()
            .unwrap_or_default();
        fold(&first)
            .chars()
            .take(limits::LABEL_VALUE_CHARS)
            .collect::<String>()
    };
    let values: Vec<String> = dimensions.iter().map(value).collect();
    values
        .iter()
        .any(|value| !value.is_empty())
        .then_some(values)
}

#[cfg(test)]
mod tests;
