//! The configuration of a site: one JSON document.
//!
//! What is here: reading it with every fault named ([`SiteConfig::parse`]), writing it, what
//! changed between two of them ([`diff`]), and the part a browser may know ([`PublicConfig`]). What
//! is not here: versions and storage (the edge), and what the rules do (scenario, pool, telephony).
//!
//! Invariant: reading is all or nothing. An accepted configuration can be served as it stands, and
//! `parse(write(config)) == config`. Limits stand in [`crate::limits`].

mod amp;
mod cross;
mod diff;
pub mod edit;
mod fault;
mod json;
mod origin;
mod parse;
mod parse_scenario;
mod policy;
mod public;
mod reader;
mod receiver;
mod sentence;
mod viewer;

pub use diff::{Change, diff};
pub use fault::Fault;
pub use origin::OriginPattern;
pub use policy::{COMBINATION_HOLD, PolicyConfig};
pub use public::{PublicConfig, PublicScenario};
pub use receiver::{Receiver, ReceiverEvent, ReceiverUrl};
pub use sentence::Text;
pub use viewer::{changes_without_secrets, without_secrets};

use crate::analytics::AnalyticsSystem;
use crate::id::{PoolId, ScenarioId, SiteId, StockId};
use crate::phone::{CountryCode, E164, Home};
use crate::scenario::{Forward, Scenario, ScenarioKind};
use crate::telephony::{Provider, ProviderSettings};
use crate::time::Millis;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The version of the form that is written.
pub const CONFIG_VERSION: u32 = 1;

/// A site, checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteConfig {
    v: u32,
    /// Its name in addresses.
    pub site: SiteId,
    /// Its name for people.
    pub name: String,
    /// Pages that may ask for numbers.
    pub origins: Vec<OriginPattern>,
    /// IANA name of the zone its reports are drawn in.
    pub time_zone: String,
    /// Language of its people.
    pub locale: Locale,
    /// Country its numbers without `+` are of.
    #[serde(serialize_with = "write_country_code")]
    pub country_code: CountryCode,
    /// Area its local numbers are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    /// Domain of the visitor's cookies, if wider than the page's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie_domain: Option<String>,
    /// What the agent may do before the visitor agreed.
    pub consent: ConsentMode,
    /// What Global Privacy Control and Do Not Track mean here.
    #[serde(skip_serializing_if = "PrivacySignals::is_default")]
    pub privacy_signals: PrivacySignals,
    /// How long data is kept.
    pub retention: Retention,
    /// Whose call it is.
    pub attribution: AttributionConfig,
    /// What the page's own scripts get.
    pub page: PageConfig,
    /// What is known of single numbers, in ascending order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<NumberRecord>,
    /// Pools.
    pub pools: Vec<PoolConfig>,
    /// Scenarios.
    pub scenarios: Vec<Scenario>,
    /// Telephony providers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub telephony: BTreeMap<Provider, ProviderSettings>,
    /// Who is told of calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receivers: Vec<Receiver>,
}

// By reference as serde asks of `serialize_with`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn write_country_code<S: Serializer>(code: &CountryCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&code.as_u16())
}

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

/// What the agent may do before the visitor agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMode {
    /// Everything: consent is not needed or is taken care of.
    #[default]
    Granted,
    /// Show numbers, store nothing in the browser.
    Cookieless,
    /// Nothing until the page says so.
    Wait,
}

/// What Global Privacy Control and Do Not Track, where a browser sends them, mean to the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivacySignals {
    /// As [`ConsentMode::Cookieless`].
    #[default]
    Cookieless,
    /// As [`ConsentMode::Wait`].
    Wait,
    /// Nothing.
    Ignore,
}

impl PrivacySignals {
    /// Whether it need not be written.
    // By reference as serde asks of `skip_serializing_if`.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How long data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Visits with their labels.
    pub visit_days: u64,
    /// Calls and their attribution.
    pub call_days: u64,
    /// Callers' numbers: in full or as a keyed hash.
    pub callers: CallerStorageMode,
}

impl Default for Retention {
    fn default() -> Self {
        // Thirteen months of visits compare a month with the same of last year; calls are the
        // owner's business records, kept three years.
        Self {
            visit_days: 400,
            call_days: 1_095,
            callers: CallerStorageMode::Plain,
        }
    }
}

/// How callers' numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerStorageMode {
    /// In full.
    #[default]
    Plain,
    /// As a keyed hash with the last digits.
    Hashed,
}

/// Whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AttributionConfig {
    /// Rule for calls after the hold.
    pub late_calls: LateCalls,
    /// Longest time between a visit and its call.
    pub window_days: u64,
    /// How long a known caller goes back to his own visitor.
    pub caller_memory_days: u64,
    /// Which touch is credited.
    pub touch: TouchModel,
    /// Candidates less likely than this, in per cent, are not credited: fewer answers, more of them
    /// right.
    #[serde(skip_serializing_if = "is_default")]
    pub abstain_below_percent: u64,
    /// Leave the region of the caller's number out of account.
    #[serde(skip_serializing_if = "is_default")]
    pub ignore_regions: bool,
}

/// Whether a pool is kept at the accuracy every pool has unless told, and it is not written.
/// By reference as serde asks of `skip_serializing_if`.
fn is_usual_accuracy(percent: &u64) -> bool {
    *percent == PoolConfig::ACCURACY_PERCENT
}

/// Whether a value is the default one and is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for AttributionConfig {
    fn default() -> Self {
        // 30 days: UIS. 90 days: UIS, PrimeGate.
        Self {
            late_calls: LateCalls::Likeliest,
            window_days: 30,
            caller_memory_days: 90,
            touch: TouchModel::LastNonDirect,
            abstain_below_percent: 0,
            ignore_regions: false,
        }
    }
}

/// Rule for calls after the hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LateCalls {
    /// The candidate of greatest probability.
    #[default]
    Likeliest,
    /// The last visitor who held the number (Roistat).
    LastHolder,
    /// Who holds the number now (UIS).
    CurrentHolder,
}

/// Which touch is credited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchModel {
    /// The last that is not direct.
    #[default]
    LastNonDirect,
    /// The last.
    Last,
    /// The first.
    First,
}

/// What the page's own scripts get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PageConfig {
    /// Whether events are pushed to `dataLayer`.
    pub data_layer: bool,
    /// Interfaces of other systems to offer, where those are absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compatibility: Vec<Compatibility>,
    /// Links that lead to a number beside `tel:`. The numbers of the pools must be reachable there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkKind>,
    /// Attributes of selected elements whose numbers are replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<TextAttribute>,
    /// Address of pictures of numbers, with `{number}` for the digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Systems whose ids of a visitor are carried with his visit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub analytics: Vec<AnalyticsSystem>,
    /// The owner's other domains, to which a visitor is passed on with the link that leads there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub linked_domains: Vec<String>,
    /// What happens to numbers in JSON-LD and `meta` of microdata. Search engines must find the
    /// page's own.
    #[serde(skip_serializing_if = "is_default")]
    pub structured_data: StructuredData,
}

impl PageConfig {
    /// Whether pages need the agent's second part (`agent/loader/parts/more.js`).
    pub(super) fn needs_more(&self) -> bool {
        let plain = Self {
            data_layer: self.data_layer,
            ..Self::default()
        };
        *self != plain
    }
}

/// Links that lead to a number beside `tel:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// `sms:`
    Sms,
    /// `wa.me`, `api.whatsapp.com/send`, `whatsapp:`
    Whatsapp,
    /// `viber:`
    Viber,
    /// `t.me/+`, `tg:`
    Telegram,
}

/// Attributes that people read or hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextAttribute {
    /// `title`
    Title,
    /// `aria-label`
    AriaLabel,
    /// `alt`
    Alt,
}

/// What happens to numbers that machines read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredData {
    /// They stay.
    #[default]
    Keep,
    /// They are replaced where a scenario looks for them by their text.
    Swap,
}

/// An interface of another system that the agent offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compatibility {
    /// Callbacks and cookies of Roistat.
    Roistat,
    /// `CallTrk.swap` and `getSwapNumbers`.
    Callrail,
    /// The callback of Google's forwarding numbers.
    Google,
}

/// What is known of one number besides its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberRecord {
    /// The number.
    pub number: E164,
    /// Whose it is.
    pub origin: NumberOrigin,
    /// Day it was connected, year-month-day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<String>,
    /// City or area, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Whether it may be lent.
    pub status: NumberStatus,
    /// The source it serves, in a pool that is divided by source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where calls to it go, if not where its scenario says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<Forward>,
    /// The owner's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl NumberRecord {
    /// A record of which nothing but the number is known.
    pub fn new(number: E164) -> Self {
        Self {
            number,
            origin: NumberOrigin::default(),
            connected: None,
            city: None,
            status: NumberStatus::default(),
            source: None,
            forward: None,
            note: None,
        }
    }
}

/// Whose a number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberOrigin {
    /// Bought from another operator and forwarded in.
    #[default]
    Own,
    /// Rented from whoever runs this system.
    Rented,
}

/// Whether a number may be lent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStatus {
    /// Yes.
    #[default]
    Active,
    /// Not until its strange calls are explained; its calls are still recorded.
    Quarantined,
    /// Not at all.
    Disabled,
}

/// A named group of numbers with one hold time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolConfig {
    /// Its name in addresses and interfaces.
    pub id: PoolId,
    /// Its numbers.
    pub numbers: Vec<E164>,
    /// How long a number stays with its visitor after his last activity.
    #[serde(rename = "hold_ms")]
    pub hold: Millis,
    /// An idle visitor's number may be lent to another after this time.
    #[serde(rename = "idle_release_ms")]
    pub idle_release: Millis,
    /// Rest of a number between two visitors.
    #[serde(rename = "cooldown_ms")]
    pub cooldown: Millis,
    /// Whether the rest is a rule or a wish.
    pub cooldown_rule: CooldownRule,
    /// The rule by which numbers are lent.
    pub policy: PolicyConfig,
    /// Whether a newcomer gets a number last seen in other regions.
    #[serde(skip_serializing_if = "is_default")]
    pub region_colouring: RegionColouring,
    /// Of the calls this part is to be credited to the right visit, in per cent: what the pool's
    /// number of numbers is recommended by, and what it borrows from a stock for.
    #[serde(skip_serializing_if = "is_usual_accuracy")]
    pub accuracy_percent: u64,
    /// Objects among which the pool is divided.
    pub shards: u64,
    /// The stock it borrows numbers from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockUse>,
}

/// How a pool borrows from a stock that sites of one owner share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockUse {
    /// The stock.
    pub id: StockId,
    /// Numbers it borrows at most.
    pub most: u64,
}

/// Whether a newcomer gets a number last seen in other regions than his.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionColouring {
    /// As soon as the pool's own calls show that callers' numbers tell their regions.
    #[default]
    Learnt,
    /// From the first visitor on.
    On,
    /// Never.
    Off,
}

/// Whether a number's rest is a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CooldownRule {
    /// A resting number is lent when no rested one is there.
    #[default]
    Preferred,
    /// It is not, but to the visitor who had it.
    Required,
}

impl PoolConfig {
    /// Default hold: Roistat's two and a half minutes.
    pub const HOLD: Millis = Millis(150_000);
    /// Unless the owner says otherwise nine calls in ten are to find their visit.
    pub const ACCURACY_PERCENT: u64 = 90;
    /// Default idle time: a minute without a sign of life is a visitor away.
    pub const IDLE_RELEASE: Millis = Millis(60_000);

    /// How often an active visitor's page says so: sparse, yet twice within the hold.
    pub fn beat(&self) -> Millis {
        Millis((self.hold.0 / 2).clamp(5_000, 60_000))
    }
}

/// The single use a site has for a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberUse<'c> {
    /// Lent from a pool.
    Pool(&'c PoolConfig),
    /// Bound to a source.
    Static {
        /// The scenario.
        scenario: &'c Scenario,
        /// The source.
        source: &'c str,
    },
    /// Reserve of these scenarios.
    Reserve(Vec<&'c Scenario>),
}

impl Eq for PoolConfig {}
impl Eq for Scenario {}

impl SiteConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Every fault of the document, none of which was applied.
    pub fn parse(json: &str) -> Result<Self, Vec<Fault>> {
        parse::parse(json)
    }

    /// Writes the configuration with every default spelt out.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Where its pages stand: what their numbers without `+` mean.
    pub fn home(&self) -> Home<'_> {
        Home {
            country: self.country_code,
            area: self.area_code.as_deref(),
        }
    }

    /// Whether a browser's `Origin` header is one of the site's.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|pattern| pattern.matches(origin))
    }

    /// The pool with this id.
    pub fn pool(&self, id: &PoolId) -> Option<&PoolConfig> {
        self.pools.iter().find(|pool| pool.id == *id)
    }

    /// The scenario with this id.
    pub fn scenario(&self, id: &ScenarioId) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == *id)
    }

    /// What is known of `number`.
    pub fn record(&self, number: E164) -> Option<&NumberRecord> {
        let found = self
            .numbers
            .binary_search_by_key(&number, |record| record.number);
        found.ok().and_then(|at| self.numbers.get(at))
    }

    /// Whether `number` may be shown: neither quarantined nor disabled.
    pub fn is_usable(&self, number: E164) -> bool {
        self.record(number)
            .is_none_or(|record| record.status == NumberStatus::Active)
    }

    /// Numbers of `pool` that may be lent: neither quarantined nor disabled.
    pub fn usable_numbers(&self, pool: &PoolConfig) -> Vec<E164> {
        let numbers = pool.numbers.iter().copied();
        numbers.filter(|number| self.is_usable(*number)).collect()
    }

    /// What `number` is used for, if for anything.
    pub fn use_of(&self, number: E164) -> Option<NumberUse<'_>> {
        if let Some(pool) = self
            .pools
            .iter()
            .find(|pool| pool.numbers.contains(&number))
        {
            return Some(NumberUse::Pool(pool));
        }
        self.use_of_outside_pools(number)
    }

    /// As [`SiteConfig::use_of`], for a number known to be in no pool.
    pub(crate) fn use_of_outside_pools(&self, number: E164) -> Option<NumberUse<'_>> {
        for scenario in &self.scenarios {
            if let ScenarioKind::Static { bindings } = &scenario.kind
                && let Some(binding) = bindings.iter().find(|binding| binding.number == number)
            {
                return Some(NumberUse::Static {
                    scenario,
                    source: &binding.source,
                });
            }
        }
        let is_reserve = |scenario: &&Scenario| scenario.reserve_number == Some(number);
        let reserve: Vec<&Scenario> = self.scenarios.iter().filter(is_reserve).collect();
        (!reserve.is_empty()).then_some(NumberUse::Reserve(reserve))
    }

    /// The configuration without its secrets, for those who may read but not administer.
    pub fn without_secrets(&self) -> Self {
        let mut shown = self.clone();
        for settings in shown.telephony.values_mut() {
            *settings = ProviderSettings {
                addresses: std::mem::take(&mut settings.addresses),
                public_url: settings.public_url.take(),
                time_zone: settings.time_zone.take(),
                ..ProviderSettings::default()
            };
        }
        for receiver in &mut shown.receivers {
            receiver.secrets.clear();
        }
        shown
    }
}

#[cfg(test)]
mod tests;
