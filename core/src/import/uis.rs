//! Call-tracking rules and replacement groups of UIS (CoMagic, CallGear).

use super::{Draft, Import, objects, shared_dimension, text_of};
use crate::mask::Mask;
use serde_json::{Map, Value, json};

const RULE: &[&str] = &[
    "id",
    "name",
    "rule_type",
    "call_tracking_type",
    "state",
    "is_all_traffic",
    "sources",
    "conditions",
    "reserve_phone_numbers_time",
    "phone_numbers",
    "virtual_phone_numbers",
    "priority",
    "site_id",
];
const GROUP: &[&str] = &["id", "name", "site_ids", "site_id", "phone_selectors"];
const SELECTOR: &[&str] = &[
    "element_attribute",
    "element_attribute_value",
    "phone_number_template",
    "phone_number_mask",
];

pub(super) fn read(value: &Value, import: &mut Import<'_>) {
    let mut rules = Vec::new();
    let mut groups = Vec::new();
    let lists = [
        "rules",
        "call_tracking_rules",
        "replacement_phones_groups",
        "groups",
    ];
    let parts: Vec<_> = lists
        .iter()
        .filter_map(|name| Some((format!("/{name}"), value.get(name)?)))
        .flat_map(|(pointer, list)| objects(list, pointer))
        .collect();
    let parts = if parts.is_empty() {
        objects(value, String::new())
    } else {
        parts
    };
    for (pointer, object) in parts {
        if object.contains_key("phone_selectors") {
            groups.push((pointer, object));
        } else if object.contains_key("call_tracking_type") {
            rules.push((pointer, object));
        } else {
            import.lost(
                &pointer,
                "Neither a rule nor a replacement group.",
                "Ни правило, ни группа подмены.",
            );
        }
    }
    let targets: Vec<Value> = groups
        .iter()
        .flat_map(|(pointer, group)| read_group(pointer, group, import))
        .collect();
    if rules.len() > 1 && !targets.is_empty() {
        import.changed(
            "",
            "Replacement groups belong to the site: every rule gets all their elements.",
            "Группы подмены относятся к сайту: каждое правило получает все их элементы.",
        );
    }
    // Rules stand in the order of their priority.
    for (pointer, rule) in &rules {
        read_rule(pointer, rule, targets.clone(), import);
    }
}

fn read_group(pointer: &str, group: &Map<String, Value>, import: &mut Import<'_>) -> Vec<Value> {
    import.unknown_members(pointer, group, GROUP);
    let selectors = group.get("phone_selectors").and_then(Value::as_array);
    let mut targets: Vec<Value> = Vec::new();
    for (index, item) in selectors.into_iter().flatten().enumerate() {
        let at = format!("{pointer}/phone_selectors/{index}");
        let Some(selector) = item.as_object() else {
            continue;
        };
        import.unknown_members(&at, selector, SELECTOR);
        let value = text_of(selector, "element_attribute_value").unwrap_or_default();
        let attribute = text_of(selector, "element_attribute").unwrap_or_default();
        let number = || crate::phone::read_written(value, import.home());
        let target = match attribute {
            "class" => Some(json!({"class": value})),
            "id" => Some(json!({"element_id": value})),
            "name" => Some(json!({"name": value})),
            "selector" => Some(json!({"selector": value})),
            "number" => number().map(|number| json!({"number": number})),
            _ => None,
        };
        let Some(mut target) = target.filter(|_| !value.is_empty()) else {
            import.lost(
                &at,
                format!("No element can be chosen by \"{attribute}\" \"{value}\"."),
                format!("По «{attribute}» «{value}» элемент не выбрать."),
            );
            continue;
        };
        let mask = text_of(selector, "phone_number_mask");
        let template = text_of(selector, "phone_number_template");
        match two_level(mask, template) {
            Ok(mask) => target["mask"] = mask.map(|mask| mask.as_str().to_owned()).into(),
            Err(()) => import.lost(
                &at,
                "This is no mask: numbers are shown in the shape of the page's.",
                "Это не маска: номера будут показаны в виде, принятом на странице.",
            ),
        }
        targets.push(target);
    }
    targets
}

fn two_level(mask: Option<&str>, template: Option<&str>) -> Result<Option<Mask>, ()> {
    match (mask, template) {
        (None, None) => Ok(None),
        (Some(mask), None) => Mask::parse(mask).map(Some).map_err(drop),
        (mask, Some(template)) => {
            let mask = mask.unwrap_or("+{country} ({city}) {phone}");
            Mask::parse_two_level(mask, template)
                .map(Some)
                .map_err(drop)
        }
    }
}

fn read_rule(
    pointer: &str,
    rule: &Map<String, Value>,
    targets: Vec<Value>,
    import: &mut Import<'_>,
) {
    import.unknown_members(pointer, rule, RULE);
    let kind = text_of(rule, "call_tracking_type").unwrap_or_default();
    let mut draft = Draft {
        name: text_of(rule, "name").unwrap_or("UIS").to_owned(),
        enabled: text_of(rule, "state") != Some("draft"),
        dynamic: kind != "static",
        targets,
        ..Draft::default()
    };
    for name in ["phone_numbers", "virtual_phone_numbers"] {
        if let Some(list) = rule.get(name) {
            draft
                .numbers
                .extend(import.numbers(&format!("{pointer}/{name}"), list));
        }
    }
    if let Some(name) = text_of(rule, "rule_type").filter(|name| *name != "site_calls") {
        draft.enabled = false;
        let at = format!("{pointer}/rule_type");
        import.lost(
            &at,
            format!("Rules of the kind \"{name}\" are not known; the scenario is off."),
            format!("Правила вида «{name}» неизвестны; сценарий выключен."),
        );
    }
    if let Some(minutes) = rule
        .get("reserve_phone_numbers_time")
        .and_then(Value::as_u64)
    {
        let after_ms = minutes.saturating_mul(60_000);
        draft.hold_ms = Some(after_ms);
        draft.policy = Some(json!({"demote_passive": {"after_ms": after_ms}}));
    }
    let sources = rule
        .get("sources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    draft.sources = sources
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if draft.dynamic && !draft.sources.is_empty() {
        let values = std::mem::take(&mut draft.sources);
        draft
            .conditions
            .push(json!({"dimension": "source", "values": values}));
    }
    let everybody = rule.get("is_all_traffic").and_then(Value::as_bool) == Some(true);
    if !everybody && let Some(conditions) = rule.get("conditions") {
        let at = format!("{pointer}/conditions");
        if read_all(&at, conditions, &mut draft.conditions, import).is_none() {
            draft.enabled = false;
        }
    }
    import.add(pointer, draft);
}

/// A group whose members must all hold, or one whose members are alternatives on one dimension.
/// Nothing if a part was lost.
fn read_all(
    at: &str,
    group: &Value,
    conditions: &mut Vec<Value>,
    import: &mut Import<'_>,
) -> Option<()> {
    let filters = group.get("filters").and_then(Value::as_array);
    let either = group.get("condition").and_then(Value::as_str) == Some("or");
    let mut whole = Some(());
    let mut dimensions: Vec<Value> = Vec::new();
    for (index, filter) in filters.into_iter().flatten().enumerate() {
        let at = format!("{at}/filters/{index}");
        if filter.get("filters").is_some() && !either {
            whole = whole.and(read_all(&at, filter, conditions, import));
            continue;
        }
        let Some(condition) = read_filter(filter) else {
            import.lost(
                &at,
                format!("The condition {filter} has no counterpart; the scenario is off."),
                format!("У условия {filter} нет соответствия; сценарий выключен."),
            );
            whole = None;
            continue;
        };
        if condition["operator"] == "regex" {
            import.changed(
                &at,
                "\"matches\" was read as a regular expression: check it.",
                "«matches» прочитано как регулярное выражение: проверьте.",
            );
        }
        dimensions.push(condition["dimension"].clone());
        conditions.push(condition);
    }
    dimensions.sort_by_key(ToString::to_string);
    let count = dimensions.len();
    dimensions.dedup();
    // Here values of one dimension are alternatives, and dimensions are not.
    let fits = if either {
        dimensions.len() <= 1
    } else {
        dimensions.len() == count
    };
    if !fits {
        import.lost(
            at,
            "Alternatives over several things, or several demands on one, cannot be said here; \
             the scenario is off. Make a scenario for each alternative.",
            "Выбор между разными признаками или несколько требований к одному здесь не выразить; \
             сценарий выключен. Сделайте отдельный сценарий на каждый случай.",
        );
        whole = None;
    }
    whole
}

fn read_filter(filter: &Value) -> Option<Value> {
    let field = filter.get("field")?.as_str()?;
    let operator = match filter.get("operator")?.as_str()? {
        "contains" => "contains",
        "equals" | "=" => "equals",
        "matches" => "regex",
        _ => return None,
    };
    let values: Vec<&str> = match filter.get("value")? {
        Value::String(text) => vec![text.as_str()],
        Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let dimension = match field {
        "entrance_page" => "landing_page",
        "search_query" => "search_phrase",
        "engine" => "source",
        _ => shared_dimension(field)?,
    };
    // Their channels that we count as referrals.
    let rename = |value: &str| match (dimension, value) {
        ("channel", "affiliate" | "recommendation") => "referral".to_owned(),
        _ => value.to_owned(),
    };
    let values: Vec<String> = values.into_iter().map(rename).collect();
    Some(json!({"dimension": dimension, "operator": operator, "values": values}))
}
