//! Call-tracking rules and replacement groups of UIS (CoMagic, CallGear).

use super::members::{list, member, text_of, texts, told};
use super::{Draft, Import, shared_dimension};
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

const FILTER: &[&str] = &["field", "operator", "value"];
/// Members of the document that hold rules or groups, and those of an API's answer.
const LISTS: [&str; 4] = [
    "rules",
    "call_tracking_rules",
    "replacement_phones_groups",
    "groups",
];
const ENVELOPE: &[&str] = &["id", "jsonrpc", "metadata"];

pub(super) fn read(value: &Value, import: &mut Import<'_>) {
    let mut rules = Vec::new();
    let mut groups = Vec::new();
    let named = value.as_object().filter(|whole| {
        LISTS.iter().any(|name| whole.contains_key(*name)) && !whole.contains_key("phone_selectors")
    });
    let mut parts = Vec::new();
    match named {
        None => parts = import.objects(value, ""),
        Some(whole) => {
            for name in LISTS {
                if let Some(list) = whole.get(name) {
                    parts.extend(import.objects(list, &member("", name)));
                }
            }
            import.unknown_members("", whole, &[&LISTS[..], ENVELOPE].concat());
        }
    }
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
    // Rules stand in the order of their priority, and so do scenarios of one priority.
    if rules.len() > 1 && rules.iter().any(|(_, rule)| rule.contains_key("priority")) {
        import.changed(
            "",
            "Of rules that overlap the one that stands first wins; their \"priority\" is not read.",
            "Из пересекающихся правил действует стоящее первым; «priority» не читается.",
        );
    }
    for (pointer, rule) in &rules {
        read_rule(pointer, rule, targets.clone(), import);
    }
}

fn read_group(pointer: &str, group: &Map<String, Value>, import: &mut Import<'_>) -> Vec<Value> {
    import.unknown_members(pointer, group, GROUP);
    let mut targets: Vec<Value> = Vec::new();
    for (at, item) in list(pointer, group, "phone_selectors") {
        let Some(selector) = item.as_object() else {
            import.odd(&at, item);
            continue;
        };
        import.unknown_members(&at, selector, SELECTOR);
        let text = |name: &str| selector.get(name).and_then(text_of);
        let value = &text("element_attribute_value").unwrap_or_default();
        let attribute = &text("element_attribute").unwrap_or_default();
        let number = || crate::phone::read_written(value, import.home());
        let target = match attribute.as_str() {
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
        let mask = import
            .text(&at, selector, "phone_number_mask")
            .ok()
            .flatten();
        let template = import
            .text(&at, selector, "phone_number_template")
            .ok()
            .flatten();
        match two_level(mask.as_deref(), template.as_deref()) {
            Ok(mask) => target["mask"] = mask.map(|mask| mask.as_str().to_owned()).into(),
            Err(()) => import.lost(
                &at,
                "This is no mask: numbers are shown in the shape of the page's.",
                "Это не маска: номера будут показаны в виде, принятом на странице.",
            ),
        }
        // Two groups may name one element; the first says how its number is written.
        let same = |other: &Value| {
            ["class", "selector", "element_id", "name", "number"]
                .iter()
                .all(|name| other.get(name) == target.get(name))
        };
        if targets.iter().any(same) {
            import.lost(
                &at,
                "The element is named above already.",
                "Этот элемент уже назван выше.",
            );
        } else {
            targets.push(target);
        }
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
    let name = import.text(pointer, rule, "name").ok().flatten();
    let mut draft = Draft {
        name: name.unwrap_or_else(|| "UIS".to_owned()),
        enabled: true,
        dynamic: true,
        targets,
        ..Draft::default()
    };
    let kinds = [
        ("call_tracking_type", &["dynamic", "static"][..]),
        ("rule_type", &["site_calls"]),
        ("state", &["active", "draft"]),
    ];
    for (name, known) in kinds {
        match import.text(pointer, rule, name) {
            Ok(None) => {}
            Ok(Some(word)) if known.contains(&word.as_str()) => {
                draft.dynamic &= word != "static";
                draft.enabled &= word != "draft";
            }
            Ok(Some(word)) => {
                draft.enabled = false;
                import.lost(
                    &member(pointer, name),
                    format!("\"{word}\" is not known here; the scenario is off."),
                    format!("«{word}» здесь неизвестно; сценарий выключен."),
                );
            }
            Err(_) => draft.enabled = false,
        }
    }
    for name in ["phone_numbers", "virtual_phone_numbers"] {
        let numbers = import.numbers(pointer, rule, name);
        draft.numbers.extend(numbers);
    }
    read_time(pointer, rule, &mut draft, import);
    read_sources(pointer, rule, &mut draft, import);
    read_conditions(pointer, rule, &mut draft, import);
    import.add(pointer, draft);
}

/// How long a number is kept for its visitor, in minutes.
fn read_time(pointer: &str, rule: &Map<String, Value>, draft: &mut Draft, import: &mut Import<'_>) {
    const NAME: &str = "reserve_phone_numbers_time";
    let Ok(Some(text)) = import.text(pointer, rule, NAME) else {
        return;
    };
    match text.parse::<u64>() {
        Ok(minutes) => {
            let after_ms = minutes.saturating_mul(60_000);
            draft.hold_ms = Some(after_ms);
            draft.policy = Some(json!({"demote_passive": {"after_ms": after_ms}}));
        }
        Err(_) => import.lost(
            &member(pointer, NAME),
            format!("\"{text}\" is no number of minutes: numbers are held as usual."),
            format!("«{text}» — не число минут: номера закрепляются как обычно."),
        ),
    }
}

/// Sources: conditions of dynamic numbers, and what static ones are bound to.
fn read_sources(
    pointer: &str,
    rule: &Map<String, Value>,
    draft: &mut Draft,
    import: &mut Import<'_>,
) {
    for (at, item) in list(pointer, rule, "sources") {
        let named = item.get("name").unwrap_or(item);
        match text_of(named) {
            Some(source) => draft.sources.push(source),
            None => {
                import.odd(&at, item);
                // It would be shown to others than it was.
                draft.enabled = false;
            }
        }
    }
    if draft.dynamic && !draft.sources.is_empty() {
        let values = std::mem::take(&mut draft.sources);
        draft
            .conditions
            .push(json!({"dimension": "source", "values": values}));
    }
}

fn read_conditions(
    pointer: &str,
    rule: &Map<String, Value>,
    draft: &mut Draft,
    import: &mut Import<'_>,
) {
    let everybody = import.flag(pointer, rule, "is_all_traffic");
    if matches!(everybody, Ok(Some(true))) {
        return;
    }
    draft.enabled &= everybody.is_ok();
    let of_sources = !draft.conditions.is_empty();
    for (at, conditions) in list(pointer, rule, "conditions") {
        match read_all(&at, conditions, &mut draft.conditions, import) {
            Some(about) if !(of_sources && about.iter().any(|name| name == "source")) => {}
            Some(_) => {
                draft.enabled = false;
                too_much(&at, import);
            }
            None => draft.enabled = false,
        }
    }
    let nobody = draft.dynamic && draft.conditions.is_empty();
    if nobody && matches!(everybody, Ok(Some(false))) && draft.enabled {
        draft.enabled = false;
        import.lost(
            pointer,
            "Neither all traffic nor a condition: whom it is for is not said; the scenario is off.",
            "Ни весь трафик, ни условие: для кого правило, не сказано; сценарий выключен.",
        );
    }
}

fn too_much(at: &str, import: &mut Import<'_>) {
    import.lost(
        at,
        "Alternatives over several things, or several demands on one, cannot be said here; \
         the scenario is off. Make a scenario for each alternative.",
        "Выбор между разными признаками или несколько требований к одному здесь не выразить; \
         сценарий выключен. Сделайте отдельный сценарий на каждый случай.",
    );
}

/// A group whose members must all hold, or one whose members are alternatives on one dimension.
/// Says which dimensions it is about; nothing if a part was lost.
fn read_all(
    at: &str,
    group: &Value,
    conditions: &mut Vec<Value>,
    import: &mut Import<'_>,
) -> Option<Vec<String>> {
    let mut whole = true;
    let mut either = false;
    let inner: Vec<_> = match group.as_object() {
        Some(members) if members.contains_key("filters") => {
            whole = !import.unknown_members(at, members, &["filters", "condition"]);
            let join = import.text(at, members, "condition");
            let word = join.map(|word| word.map(|word| word.to_lowercase()));
            match word.as_ref().map(Option::as_deref) {
                Ok(None | Some("and")) => {}
                Ok(Some("or")) => either = true,
                Ok(Some(_)) => {
                    import.odd(&member(at, "condition"), &members["condition"]);
                    whole = false;
                }
                Err(_) => whole = false,
            }
            list(at, members, "filters")
        }
        // One filter without a group around it, or something else.
        _ => vec![(at.to_owned(), group)],
    };
    let mut about: Vec<String> = Vec::new();
    for (at, filter) in inner {
        if filter.get("filters").is_some() && !either {
            match read_all(&at, filter, conditions, import) {
                Some(of_group) => about.extend(of_group),
                None => whole = false,
            }
            continue;
        }
        let Some(condition) = read_filter(filter) else {
            let filter = told(filter);
            import.lost(
                &at,
                format!("The condition {filter} has no counterpart; the scenario is off."),
                format!("У условия {filter} нет соответствия; сценарий выключен."),
            );
            whole = false;
            continue;
        };
        if condition["operator"] == "regex" {
            import.changed(
                &at,
                "\"matches\" was read as a regular expression: check it.",
                "«matches» прочитано как регулярное выражение: проверьте.",
            );
        }
        about.extend(condition["dimension"].as_str().map(str::to_owned));
        conditions.push(condition);
    }
    about.sort();
    let count = about.len();
    about.dedup();
    // Here values of one dimension are alternatives, and dimensions are not.
    let fits = if either {
        about.len() <= 1
    } else {
        about.len() == count
    };
    if !fits {
        too_much(at, import);
    }
    (whole && fits).then_some(about)
}

/// A filter; nothing if it has a member that may turn its meaning.
fn read_filter(filter: &Value) -> Option<Value> {
    let members = filter.as_object()?;
    if members.keys().any(|name| !FILTER.contains(&name.as_str())) {
        return None;
    }
    let field = filter.get("field")?.as_str()?.trim();
    let operator = match filter.get("operator")?.as_str()?.trim() {
        "contains" => "contains",
        "equals" | "=" => "equals",
        "matches" => "regex",
        _ => return None,
    };
    let values = texts(filter.get("value")?)?;
    let dimension = match field {
        "entrance_page" => "landing_page",
        "search_query" => "search_phrase",
        "engine" => "source",
        _ => shared_dimension(field)?,
    };
    // Their channels that we count as referrals.
    let rename = |value: String| match (dimension, value.as_str()) {
        ("channel", "affiliate" | "recommendation") => "referral".to_owned(),
        _ => value,
    };
    let values: Vec<String> = values.into_iter().map(rename).collect();
    Some(json!({"dimension": dimension, "operator": operator, "values": values}))
}
