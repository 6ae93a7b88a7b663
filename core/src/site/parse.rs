//! Reading the document: the site itself, its pools and its numbers.

use super::fault::{Fault, Faults, Problem};
use super::json::Json;
use super::origin::ascii_host;
use super::parse_scenario::{read_forward, read_scenario};
use super::reader::{Fields, Node};
use super::receiver::{Receiver, read_receiver};
use super::{
    AttributionConfig, CONFIG_VERSION, CallerStorageMode, Compatibility, ConsentMode, CooldownRule,
    LateCalls, LinkKind, Locale, NumberOrigin, NumberRecord, NumberStatus, OriginPattern,
    PageConfig, PolicyConfig, PoolConfig, PrivacySignals, RegionColouring, Retention, SiteConfig,
    StockUse, StructuredData, TextAttribute, TouchModel, cross,
};
use crate::analytics::AnalyticsSystem;
use crate::id::{PoolId, SiteId, StockId};
use crate::limits;
use crate::phone::CountryCode;
use crate::telephony::{Provider, ProviderSettings, Secret};
use crate::time::Millis;
use std::collections::BTreeMap;

pub(super) fn parse(json: &str) -> Result<SiteConfig, Vec<Fault>> {
    let faults = Faults::default();
    if json.len() > limits::CONFIG_BYTES {
        faults.add(
            "",
            Problem::TooLarge {
                max: limits::CONFIG_BYTES,
            },
        );
        return Err(faults.into_list());
    }
    let value: Json = match serde_json::from_str(json) {
        Ok(value) => value,
        Err(error) => {
            faults.add(
                "",
                Problem::NotJson {
                    at: error.to_string(),
                },
            );
            return Err(faults.into_list());
        }
    };
    let root = Node {
        value: &value,
        pointer: String::new(),
        faults: &faults,
    };
    let config = read_site(&root);
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => Err(faults.into_list()),
    }
}

/// Everything is read whatever is wrong elsewhere, so that all faults are told at once.
fn read_site(root: &Node<'_>) -> Option<SiteConfig> {
    let mut fields = root.fields()?;
    if let Some(version) = fields.need("v")
        && version
            .whole(0, i64::MAX)
            .is_some_and(|v| v != i64::from(CONFIG_VERSION))
    {
        version.fault(Problem::Version);
    }
    let site = fields.need("site").and_then(|node| node.id(SiteId::parse));
    let name = fields
        .need("name")
        .and_then(|node| node.text(limits::NAME_CHARS));
    let origins = read_origins(&mut fields);
    let time_zone = fields
        .need("time_zone")
        .and_then(|node| read_time_zone(&node));
    let locale = fields
        .get("locale")
        .map_or(Some(Locale::default()), |node| {
            node.choice([("ru", Locale::Ru), ("en", Locale::En)])
        });
    let country = fields
        .need("country_code")
        .and_then(|node| read_country_code(&node));
    let area_code = fields
        .get("area_code")
        .map(|node| read_area_code(&node, country));
    let cookie_domain = fields
        .get("cookie_domain")
        .map(|node| read_cookie_domain(&node, &origins));
    let consent = fields
        .get("consent")
        .map_or(Some(ConsentMode::default()), |node| {
            node.choice([
                ("granted", ConsentMode::Granted),
                ("cookieless", ConsentMode::Cookieless),
                ("wait", ConsentMode::Wait),
            ])
        });
    let privacy_signals = fields.get("privacy_signals").map(|node| {
        node.choice([
            ("cookieless", PrivacySignals::Cookieless),
            ("wait", PrivacySignals::Wait),
            ("ignore", PrivacySignals::Ignore),
        ])
    });
    let retention = fields.get("retention").map(|node| read_retention(&node));
    let attribution = fields
        .get("attribution")
        .map(|node| read_attribution(&node));
    let page = fields.get("page").map(|node| read_page(&node, &origins));
    let numbers = list(&mut fields, "numbers", limits::SITE_NUMBERS, read_record);
    let pools = list(&mut fields, "pools", limits::POOLS, read_pool);
    let scenarios = list(&mut fields, "scenarios", limits::SCENARIOS, read_scenario);
    let telephony = fields.get("telephony").map(|node| read_telephony(&node));
    let receivers: Placed<Receiver> =
        list(&mut fields, "receivers", limits::RECEIVERS, read_receiver);
    cross::check(root, &pools, &scenarios, &numbers);
    cross::check_receivers(root, &receivers);
    fields.done();
    Some(SiteConfig {
        v: CONFIG_VERSION,
        site: site?,
        name: name?.to_owned(),
        origins: origins.into_iter().map(|(origin, _)| origin).collect(),
        time_zone: time_zone?,
        locale: locale?,
        country_code: country?,
        area_code: area_code.flatten(),
        cookie_domain: cookie_domain.flatten(),
        consent: consent?,
        privacy_signals: privacy_signals.flatten().unwrap_or_default(),
        retention: retention.unwrap_or_default(),
        attribution: attribution.unwrap_or_default(),
        page: page.unwrap_or_default(),
        numbers: by_number(without_places(numbers)),
        pools: without_places(pools),
        scenarios: without_places(scenarios),
        telephony: telephony.unwrap_or_default(),
        receivers: without_places(receivers),
    })
}

/// Items with the pointer each stood at.
pub(super) type Placed<T> = Vec<(T, String)>;

/// Records in the order of their numbers, so that one is found without looking at all.
fn by_number(mut records: Vec<NumberRecord>) -> Vec<NumberRecord> {
    records.sort_by_key(|record| record.number);
    records
}

fn without_places<T>(items: Placed<T>) -> Vec<T> {
    items.into_iter().map(|(item, _)| item).collect()
}

/// The items of a list that could be read; the others left their faults.
fn list<T>(
    fields: &mut Fields<'_>,
    name: &'static str,
    max: usize,
    read: fn(&Node<'_>) -> Option<T>,
) -> Placed<T> {
    let items = fields
        .get(name)
        .map(|node| node.items(max))
        .unwrap_or_default();
    items
        .into_iter()
        .filter_map(|node| read(&node).map(|item| (item, node.pointer)))
        .collect()
}

fn read_origins(fields: &mut Fields<'_>) -> Placed<OriginPattern> {
    let Some(node) = fields.need("origins") else {
        return Vec::new();
    };
    let items = node.items(limits::ORIGINS);
    if items.is_empty() && matches!(node.value, Json::List(_)) {
        node.fault(Problem::TooFew { min: 1 });
    }
    let mut origins: Placed<OriginPattern> = Vec::new();
    for item in items {
        let Some(text) = item.text(limits::SELECTOR_CHARS) else {
            continue;
        };
        match OriginPattern::parse(text) {
            Ok(origin) => match origins.iter().find(|(other, _)| *other == origin) {
                Some((_, first)) => item.fault(Problem::IdTaken {
                    id: text,
                    first: first.clone(),
                }),
                None => origins.push((origin, item.pointer)),
            },
            Err(why) => item.fault(Problem::Origin { text, why }),
        }
    }
    origins
}

fn read_time_zone(node: &Node<'_>) -> Option<String> {
    let text = node.text(limits::NAME_CHARS)?;
    if jiff::tz::TimeZone::get(text).is_err() {
        node.fault(Problem::TimeZone { text });
        return None;
    }
    Some(text.to_owned())
}

fn read_country_code(node: &Node<'_>) -> Option<CountryCode> {
    let text = node.text(limits::NAME_CHARS)?;
    let code = CountryCode::parse(text);
    if code.is_none() {
        node.fault(Problem::CountryCode { text });
    }
    code
}

fn read_area_code(node: &Node<'_>, country: Option<CountryCode>) -> Option<String> {
    let text = node.text(limits::NAME_CHARS)?;
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    // At least one digit must be left to the subscriber.
    let short = country.is_none_or(|code| {
        let plan = code.plan();
        (text.len() + 1..=14).any(|length| plan.fits(length))
    });
    if !digits || !short {
        node.fault(Problem::AreaCode { text });
        return None;
    }
    Some(text.to_owned())
}

fn read_cookie_domain(node: &Node<'_>, origins: &Placed<OriginPattern>) -> Option<String> {
    let text = node.text(limits::SELECTOR_CHARS)?;
    let host = ascii_host(text.trim_start_matches('.')).filter(|host| {
        host.contains('.') && origins.iter().any(|(origin, _)| origin.is_under(host))
    });
    if host.is_none() {
        node.fault(Problem::CookieDomain { text });
    }
    host
}

fn read_retention(node: &Node<'_>) -> Retention {
    let mut retention = Retention::default();
    let Some(mut fields) = node.fields() else {
        return retention;
    };
    let mut days = |name| {
        fields
            .get(name)
            .and_then(|n| n.count(1, limits::RETENTION_DAYS))
    };
    if let Some(days) = days("visit_days") {
        retention.visit_days = days;
    }
    if let Some(days) = days("call_days") {
        retention.call_days = days;
    }
    let modes = [
        ("plain", CallerStorageMode::Plain),
        ("hashed", CallerStorageMode::Hashed),
    ];
    if let Some(mode) = fields.get("callers").and_then(|node| node.choice(modes)) {
        retention.callers = mode;
    }
    fields.done();
    retention
}

fn read_attribution(node: &Node<'_>) -> AttributionConfig {
    let mut attribution = AttributionConfig::default();
    let Some(mut fields) = node.fields() else {
        return attribution;
    };
    let rules = [
        ("likeliest", LateCalls::Likeliest),
        ("last_holder", LateCalls::LastHolder),
        ("current_holder", LateCalls::CurrentHolder),
    ];
    if let Some(rule) = fields.get("late_calls").and_then(|node| node.choice(rules)) {
        attribution.late_calls = rule;
    }
    let mut days = |name| {
        fields
            .get(name)
            .and_then(|n| n.count(1, limits::RETENTION_DAYS))
    };
    if let Some(days) = days("window_days") {
        attribution.window_days = days;
    }
    if let Some(days) = days("caller_memory_days") {
        attribution.caller_memory_days = days;
    }
    let models = [
        ("last_non_direct", TouchModel::LastNonDirect),
        ("last", TouchModel::Last),
        ("first", TouchModel::First),
    ];
    if let Some(model) = fields.get("touch").and_then(|node| node.choice(models)) {
        attribution.touch = model;
    }
    let below = fields.get("abstain_below_percent");
    if let Some(percent) = below.and_then(|node| node.count(0, 99)) {
        attribution.abstain_below_percent = percent;
    }
    if let Some(flag) = fields.get("ignore_regions").and_then(|node| node.flag()) {
        attribution.ignore_regions = flag;
    }
    fields.done();
    attribution
}

fn read_page(node: &Node<'_>, origins: &Placed<OriginPattern>) -> PageConfig {
    let mut page = PageConfig::default();
    let Some(mut fields) = node.fields() else {
        return page;
    };
    if let Some(flag) = fields.get("data_layer").and_then(|node| node.flag()) {
        page.data_layer = flag;
    }
    let names = [
        ("roistat", Compatibility::Roistat),
        ("callrail", Compatibility::Callrail),
        ("google", Compatibility::Google),
    ];
    let items = fields
        .get("compatibility")
        .map(|node| node.items(names.len()));
    for item in items.unwrap_or_default() {
        page.compatibility.extend(item.choice(names));
    }
    page.compatibility.sort();
    page.compatibility.dedup();
    read_places(&mut fields, &mut page);
    read_linked(&mut fields, origins, &mut page);
    fields.done();
    page
}

/// Domains that visitors are passed on to: pages there must be the site's own.
fn read_linked(fields: &mut Fields<'_>, origins: &Placed<OriginPattern>, page: &mut PageConfig) {
    let items = fields
        .get("linked_domains")
        .map(|node| node.items(limits::ORIGINS));
    for item in items.unwrap_or_default() {
        let Some(text) = item.text(limits::SELECTOR_CHARS) else {
            continue;
        };
        let host =
            ascii_host(text).filter(|host| origins.iter().any(|(origin, _)| origin.is_under(host)));
        match host {
            Some(host) if !page.linked_domains.contains(&host) => page.linked_domains.push(host),
            Some(_) => {}
            None => item.fault(Problem::CookieDomain { text }),
        }
    }
}

/// Policies for places other than text and `tel:`.
fn read_places(fields: &mut Fields<'_>, page: &mut PageConfig) {
    let links = [
        ("sms", LinkKind::Sms),
        ("whatsapp", LinkKind::Whatsapp),
        ("viber", LinkKind::Viber),
        ("telegram", LinkKind::Telegram),
    ];
    page.links = choices(fields.get("links"), links);
    page.analytics = choices(fields.get("analytics"), AnalyticsSystem::ALL);
    let attributes = [
        ("title", TextAttribute::Title),
        ("aria-label", TextAttribute::AriaLabel),
        ("alt", TextAttribute::Alt),
    ];
    page.attributes = choices(fields.get("attributes"), attributes);
    if let Some(node) = fields.get("image")
        && let Some(text) = node.text(limits::SELECTOR_CHARS)
    {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"'\\".contains(c);
        let whole = text.starts_with("https://") || text.starts_with('/');
        if whole && text.matches("{number}").count() == 1 && !text.contains(odd) {
            page.image = Some(text.to_owned());
        } else {
            node.fault(Problem::Picture(text));
        }
    }
    let data = [
        ("keep", StructuredData::Keep),
        ("swap", StructuredData::Swap),
    ];
    let data = fields
        .get("structured_data")
        .and_then(|node| node.choice(data));
    page.structured_data = data.unwrap_or_default();
}

/// A list of names, each taken once.
fn choices<T: Copy + Ord, const N: usize>(
    node: Option<Node<'_>>,
    names: [(&'static str, T); N],
) -> Vec<T> {
    let items = node.map(|node| node.items(N)).unwrap_or_default();
    let mut found: Vec<T> = items.iter().filter_map(|item| item.choice(names)).collect();
    found.sort();
    found.dedup();
    found
}

fn read_record(node: &Node<'_>) -> Option<NumberRecord> {
    let mut fields = node.fields()?;
    let number = fields.need("number").and_then(|node| node.number());
    let origins = [("own", NumberOrigin::Own), ("rented", NumberOrigin::Rented)];
    let origin = fields.get("origin").and_then(|node| node.choice(origins));
    let statuses = [
        ("active", NumberStatus::Active),
        ("quarantined", NumberStatus::Quarantined),
        ("disabled", NumberStatus::Disabled),
    ];
    let status = fields.get("status").and_then(|node| node.choice(statuses));
    let connected = fields.get("connected").and_then(|node| read_date(&node));
    let text = |node: Node<'_>| node.text(limits::NAME_CHARS).map(str::to_owned);
    let city = fields.get("city").and_then(text);
    let note = fields.get("note").and_then(text);
    let source = fields.get("source").and_then(text);
    let forward = fields.get("forward").and_then(|node| read_forward(&node));
    fields.done();
    Some(NumberRecord {
        number: number?,
        origin: origin.unwrap_or_default(),
        connected,
        city,
        status: status.unwrap_or_default(),
        source,
        forward,
        note,
    })
}

fn read_date(node: &Node<'_>) -> Option<String> {
    let text = node.text(limits::NAME_CHARS)?;
    let plain = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    if !plain {
        node.fault(Problem::Date { text });
    }
    plain.then(|| text.to_owned())
}

fn read_pool(node: &Node<'_>) -> Option<PoolConfig> {
    let mut fields = node.fields()?;
    let id = fields.need("id").and_then(|node| node.id(PoolId::parse));
    let numbers = fields
        .need("numbers")
        .map(|node| node.numbers(limits::POOL_NUMBERS));
    // Unreadable numbers left their faults; the rest are checked against each other later.
    let numbers = numbers.unwrap_or_default();
    let mut time = |name, min, max, default: Millis| {
        let node = fields.get(name);
        node.and_then(|node| node.count(min, max))
            .map_or(default, Millis)
    };
    let hold = time(
        "hold_ms",
        limits::HOLD_MS_MIN,
        limits::HOLD_MS,
        PoolConfig::HOLD,
    );
    let (min, max) = (limits::IDLE_RELEASE_MS_MIN, limits::IDLE_RELEASE_MS);
    // Unsaid, the idle time is never longer than the hold.
    let usual = Millis(PoolConfig::IDLE_RELEASE.0.min(hold.0));
    let idle_release = time("idle_release_ms", min, max, usual);
    let cooldown = time("cooldown_ms", 0, limits::COOLDOWN_MS, Millis(0));
    let rules = [
        ("preferred", CooldownRule::Preferred),
        ("required", CooldownRule::Required),
    ];
    let cooldown_rule = fields
        .get("cooldown_rule")
        .and_then(|node| node.choice(rules));
    if idle_release > hold {
        fields.node.fault(Problem::IdleBeyondHold);
    }
    let shards = fields
        .get("shards")
        .and_then(|node| node.count(1, limits::SHARDS));
    let accuracy = fields
        .get("accuracy_percent")
        .and_then(|node| node.count(limits::ACCURACY_PERCENT_MIN, limits::ACCURACY_PERCENT));
    let policy = fields.get("policy").and_then(|node| read_policy(&node));
    let stock = fields.get("stock").and_then(|node| read_stock(&node));
    let colourings = [
        ("learnt", RegionColouring::Learnt),
        ("on", RegionColouring::On),
        ("off", RegionColouring::Off),
    ];
    let colouring = fields.get("region_colouring");
    let colouring = colouring.and_then(|node| node.choice(colourings));
    fields.done();
    Some(PoolConfig {
        id: id?,
        numbers,
        hold,
        idle_release,
        cooldown,
        cooldown_rule: cooldown_rule.unwrap_or_default(),
        policy: policy.unwrap_or_default(),
        region_colouring: colouring.unwrap_or_default(),
        accuracy_percent: accuracy.unwrap_or(PoolConfig::ACCURACY_PERCENT),
        shards: shards.unwrap_or(1),
        stock,
    })
}

fn read_stock(node: &Node<'_>) -> Option<StockUse> {
    let mut fields = node.fields()?;
    let id = fields.need("id").and_then(|node| node.id(StockId::parse));
    let bound = limits::POOL_NUMBERS as u64;
    let most = fields.get("most").and_then(|node| node.count(1, bound));
    fields.done();
    Some(StockUse {
        id: id?,
        most: most.unwrap_or(bound),
    })
}

fn read_policy(node: &Node<'_>) -> Option<PolicyConfig> {
    if !matches!(node.value, Json::Object(_)) {
        return node.choice(PolicyConfig::plain());
    }
    let mut fields = node.fields()?;
    let rules = PolicyConfig::WITH_FIGURES;
    let given: Vec<_> = rules
        .iter()
        .filter_map(|rule| Some((*rule, fields.get(rule)?)))
        .collect();
    fields.done();
    let [(rule, figures)] = given.as_slice() else {
        node.fault(Problem::OneOf { names: rules });
        return None;
    };
    let mut fields = figures.fields()?;
    let mut time = |name, max| fields.need(name).and_then(|node| node.count(1_000, max));
    let policy = match *rule {
        "demote_passive" => time("after_ms", limits::HOLD_MS)
            .map(|after_ms| PolicyConfig::DemotePassive { after_ms }),
        "fixed_hold" => time("ms", limits::HOLD_MS).map(|ms| PolicyConfig::FixedHold { ms }),
        "tab_and_freeze" => time("ms", limits::HOLD_MS).map(|ms| PolicyConfig::TabAndFreeze { ms }),
        _ => {
            let idle_ms = time("idle_ms", limits::IDLE_RELEASE_MS);
            let freeze_ms = time("freeze_ms", limits::HOLD_MS);
            idle_ms
                .zip(freeze_ms)
                .map(|(idle_ms, freeze_ms)| PolicyConfig::IdleReleaseAndFreeze {
                    idle_ms,
                    freeze_ms,
                })
        }
    };
    fields.done();
    policy
}

fn read_telephony(node: &Node<'_>) -> BTreeMap<Provider, ProviderSettings> {
    let mut telephony = BTreeMap::new();
    let Some(mut fields) = node.fields() else {
        return telephony;
    };
    for (name, node) in fields.every() {
        let Some(provider) = Provider::parse(name) else {
            let names = Provider::ALL.map(Provider::as_str);
            let like = super::reader::nearest(name, names.into_iter());
            node.fault(Problem::UnknownField { name, like });
            continue;
        };
        let settings = read_provider(&node);
        for fault in settings.faults(provider) {
            let pointer = format!("{}{}", node.pointer, fault.pointer);
            node.faults
                .add(&pointer, Problem::Telephony { why: fault.message });
        }
        if telephony.insert(provider, settings).is_some() {
            node.fault(Problem::Doubled { name });
        }
    }
    telephony
}

fn read_provider(node: &Node<'_>) -> ProviderSettings {
    let mut settings = ProviderSettings::default();
    let Some(mut fields) = node.fields() else {
        return settings;
    };
    let text = |node: Node<'_>| node.text(limits::SECRET_CHARS).map(str::to_owned);
    let mut texts = |name| -> Vec<String> {
        let items = fields.get(name).map(|node| node.items(limits::ADDRESSES));
        items
            .unwrap_or_default()
            .into_iter()
            .filter_map(text)
            .collect()
    };
    let secrets = |texts: Vec<String>| texts.iter().map(|text| Secret::new(text)).collect();
    settings.secrets = secrets(texts("secrets"));
    settings.path_secrets = secrets(texts("path_secrets"));
    settings.addresses = texts("addresses");
    settings.key = fields
        .get("key")
        .and_then(text)
        .map(|text| Secret::new(&text));
    settings.public_url = fields.get("public_url").and_then(text);
    settings.time_zone = fields.get("time_zone").and_then(text);
    fields.done();
    settings
}
