//! Roistat's scenario JSON.

use super::{Draft, Import, objects, shared_dimension, text_of};
use serde_json::{Map, Value, json};

const MEMBERS: &[&str] = &[
    "id",
    "name",
    "is_enabled",
    "options",
    "integration",
    "call_count",
    "accuracy",
    "phones",
    "numbers",
];
const OPTIONS: &[&str] = &[
    "calltracking_type",
    "segments",
    "phone_format",
    "css_selector",
    "redirect",
    "replaceable_numbers",
];

pub(super) fn read(value: &Value, import: &mut Import<'_>) {
    for (pointer, scenario) in objects(value, String::new()) {
        let Some(options) = scenario.get("options").and_then(Value::as_object) else {
            import.lost(
                &pointer,
                "This is no scenario: options are missing.",
                "Это не сценарий: нет options.",
            );
            continue;
        };
        read_scenario(&pointer, scenario, options, import);
    }
}

fn read_scenario(
    pointer: &str,
    scenario: &Map<String, Value>,
    options: &Map<String, Value>,
    import: &mut Import<'_>,
) {
    let at = format!("{pointer}/options");
    import.unknown_members(pointer, scenario, MEMBERS);
    import.unknown_members(&at, options, OPTIONS);
    let kind = text_of(options, "calltracking_type").unwrap_or("dynamic");
    let mut draft = Draft {
        name: text_of(scenario, "name").unwrap_or("Roistat").to_owned(),
        enabled: is_on(scenario.get("is_enabled")),
        dynamic: kind != "static",
        ..Draft::default()
    };
    if !matches!(kind, "dynamic" | "static") {
        let at = format!("{at}/calltracking_type");
        import.lost(
            &at,
            format!("The kind \"{kind}\" is not known."),
            format!("Тип «{kind}» неизвестен."),
        );
        draft.enabled = false;
    }
    for name in ["phones", "numbers"] {
        if let Some(list) = scenario.get(name) {
            draft
                .numbers
                .extend(import.numbers(&format!("{pointer}/{name}"), list));
        }
    }
    read_segments(&at, options, &mut draft, import);
    read_targets(&at, options, &mut draft, import);
    if let Some(format) = text_of(options, "phone_format") {
        match crate::mask::Mask::parse(format) {
            Ok(_) => draft.mask = Some(format.to_owned()),
            Err(_) => import.lost(
                &format!("{at}/phone_format"),
                "This is no mask: numbers are shown in the shape of the page's.",
                "Это не маска: номера будут показаны в виде, принятом на странице.",
            ),
        }
    }
    read_redirect(&at, options, &mut draft, import);
    read_integration(pointer, scenario, import);
    if draft.dynamic {
        import.changed(
            &at,
            "Numbers are lent by the rule \"ringlet\", held 150 s. \
             For Roistat's own rule set the pool's policy to \"roistat\".",
            "Номера выдаются по правилу «ringlet», закрепление 150 с. \
             Правило Roistat: policy пула «roistat».",
        );
    }
    import.add(pointer, draft);
}

fn is_on(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(on)) => *on,
        Some(Value::Number(number)) => number.as_u64() != Some(0),
        Some(Value::String(text)) => text != "0" && text != "false",
        _ => true,
    }
}

/// Segments: triples of field, operator and value, all of which must hold.
fn read_segments(
    at: &str,
    options: &Map<String, Value>,
    draft: &mut Draft,
    import: &mut Import<'_>,
) {
    let segments = options.get("segments").and_then(Value::as_array);
    for (index, segment) in segments.into_iter().flatten().enumerate() {
        let at = format!("{at}/segments/{index}");
        match read_segment(segment, draft.dynamic) {
            Some(Segment::Source(source)) => draft.sources.push(source),
            Some(Segment::Condition(condition)) => {
                let same = |other: &Value| other["dimension"] == condition["dimension"];
                if condition["negate"] != true && draft.conditions.iter().any(same) {
                    import.changed(
                        &at,
                        "Two conditions on one thing: here either may hold.",
                        "Два условия на одно и то же: здесь достаточно любого.",
                    );
                }
                draft.conditions.push(condition);
            }
            None => {
                draft.enabled = false;
                import.lost(
                    &at,
                    format!("The condition {segment} is not known; the scenario is off."),
                    format!("Условие {segment} неизвестно; сценарий выключен."),
                );
            }
        }
    }
}

enum Segment {
    /// The source of a static number.
    Source(String),
    Condition(Value),
}

fn read_segment(segment: &Value, dynamic: bool) -> Option<Segment> {
    let [field, operator, value] = segment.as_array()?.as_slice() else {
        return None;
    };
    let (field, operator) = (field.as_str()?, operator.as_str()?);
    let values: Vec<&str> = match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    if values.is_empty() || values.iter().any(|value| value.is_empty()) {
        return None;
    }
    let (operator, pattern, negate): (_, fn(&str) -> String, bool) = match operator {
        "=" | "in" => ("equals", str::to_owned, false),
        "!=" => ("equals", str::to_owned, true),
        "like%" => ("wildcard", |value| format!("{value}*"), false),
        "%like" => ("wildcard", |value| format!("*{value}"), false),
        "%like%" => ("contains", str::to_owned, false),
        _ => return None,
    };
    if !dynamic && field == "source" && !negate && matches!(operator, "equals" | "wildcard") {
        return (values.len() == 1).then(|| Segment::Source(values[0].to_owned()));
    }
    // A source of Roistat is the label, or the name of a channel without labels.
    let channel = ["organic", "social", "email", "referral"];
    let (dimension, operator, pattern): (&str, _, fn(&str) -> String) = match field {
        "source" if values.iter().all(|value| channel.contains(value)) => {
            ("channel", "equals", str::to_owned)
        }
        "source" | "marker" | "roistat" => ("label", operator, pattern),
        "visit_landing_page" | "landing" => ("landing_page", operator, pattern),
        _ => (
            level(field).or_else(|| shared_dimension(field))?,
            operator,
            pattern,
        ),
    };
    let values: Vec<String> = values.into_iter().map(pattern).collect();
    Some(Segment::Condition(
        json!({"dimension": dimension, "operator": operator, "values": values, "negate": negate}),
    ))
}

/// `marker_level_1` and `roistat_param1`, by our names.
fn level(field: &str) -> Option<&'static str> {
    const LEVELS: [(&str, &str); 12] = [
        ("marker_level_1", "label_level_1"),
        ("marker_level_2", "label_level_2"),
        ("marker_level_3", "label_level_3"),
        ("marker_level_4", "label_level_4"),
        ("marker_level_5", "label_level_5"),
        ("marker_level_6", "label_level_6"),
        ("marker_level_7", "label_level_7"),
        ("roistat_param1", "label_param_1"),
        ("roistat_param2", "label_param_2"),
        ("roistat_param3", "label_param_3"),
        ("roistat_param4", "label_param_4"),
        ("roistat_param5", "label_param_5"),
    ];
    LEVELS
        .iter()
        .find(|(theirs, _)| *theirs == field)
        .map(|(_, ours)| *ours)
}

fn read_targets(
    at: &str,
    options: &Map<String, Value>,
    draft: &mut Draft,
    import: &mut Import<'_>,
) {
    let selectors = match options.get("css_selector") {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for selector in selectors
        .into_iter()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        let class = selector.strip_prefix('.').filter(|class| {
            class
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        });
        draft.targets.push(match class {
            Some(class) => json!({"class": class}),
            None => json!({"selector": selector}),
        });
    }
    if let Some(list) = options.get("replaceable_numbers").and_then(Value::as_array) {
        for (index, item) in list.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            match crate::phone::read_written(text, import.home()) {
                Some(number) => draft.targets.push(json!({"number": number})),
                None => import.lost(
                    &format!("{at}/replaceable_numbers/{index}"),
                    format!("\"{text}\" is no telephone number."),
                    format!("«{text}» — не телефонный номер."),
                ),
            }
        }
    }
}

fn read_redirect(
    at: &str,
    options: &Map<String, Value>,
    draft: &mut Draft,
    import: &mut Import<'_>,
) {
    let Some(redirect) = options.get("redirect").and_then(Value::as_object) else {
        return;
    };
    let value = text_of(redirect, "value").unwrap_or_default();
    if value.is_empty() {
        return;
    }
    let phone = crate::phone::read_written(value, import.home());
    if let Some(number) = phone {
        draft.forward = Some(json!({"phone": number}));
    } else if value.contains('@') {
        let sip = if value.starts_with("sip") {
            value.to_owned()
        } else {
            format!("sip:{value}")
        };
        draft.forward = Some(json!({"sip": sip}));
    } else {
        import.lost(
            &format!("{at}/redirect"),
            "Neither a telephone number nor a SIP address.",
            "Ни телефонный номер, ни адрес SIP.",
        );
    }
}

/// Outputs are set elsewhere, for the whole site.
fn read_integration(pointer: &str, scenario: &Map<String, Value>, import: &mut Import<'_>) {
    if let Some(integration) = scenario.get("integration").and_then(Value::as_object) {
        import.unknown_members(&format!("{pointer}/integration"), integration, &[]);
    }
}
