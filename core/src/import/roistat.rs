//! Roistat's scenario JSON.

use super::members::{list, member, text_of, texts, told};
use super::{Draft, Import, shared_dimension};
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
    for (pointer, scenario) in import.objects(value, "") {
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
    let at = member(pointer, "options");
    import.unknown_members(pointer, scenario, MEMBERS);
    import.unknown_members(&at, options, OPTIONS);
    let name = import.text(pointer, scenario, "name").ok().flatten();
    let mut draft = Draft {
        name: name.unwrap_or_else(|| "Roistat".to_owned()),
        // What cannot be told on from off stays off.
        enabled: import
            .flag(pointer, scenario, "is_enabled")
            .is_ok_and(|flag| flag.unwrap_or(true)),
        dynamic: true,
        ..Draft::default()
    };
    match import.text(&at, options, "calltracking_type") {
        Ok(None) => {}
        Ok(Some(kind)) if kind == "dynamic" => {}
        Ok(Some(kind)) if kind == "static" => draft.dynamic = false,
        Ok(Some(kind)) => {
            import.lost(
                &member(&at, "calltracking_type"),
                format!("The kind \"{kind}\" is not known; the scenario is off."),
                format!("Тип «{kind}» неизвестен; сценарий выключен."),
            );
            draft.enabled = false;
        }
        Err(_) => draft.enabled = false,
    }
    for name in ["phones", "numbers"] {
        let numbers = import.numbers(pointer, scenario, name);
        draft.numbers.extend(numbers);
    }
    read_segments(&at, options, &mut draft, import);
    read_targets(&at, options, &mut draft, import);
    if let Ok(Some(format)) = import.text(&at, options, "phone_format") {
        match crate::mask::Mask::parse(&format) {
            Ok(_) => draft.mask = Some(format),
            Err(_) => import.lost(
                &member(&at, "phone_format"),
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

/// Segments: triples of field, operator and value, all of which must hold.
fn read_segments(
    at: &str,
    options: &Map<String, Value>,
    draft: &mut Draft,
    import: &mut Import<'_>,
) {
    for (at, segment) in list(at, options, "segments") {
        match read_segment(segment, draft.dynamic) {
            Some(Segment::Source { source, begins }) => {
                if begins {
                    import.changed(
                        &at,
                        "A static number is shown for labels that begin with its source at a \
                         level's end; the rest of the pattern is not looked at.",
                        "Статический номер показывается меткам, начинающимся с источника по \
                         границе уровня; остаток шаблона не учитывается.",
                    );
                }
                draft.sources.push(source);
            }
            Some(Segment::Condition(condition)) => {
                let same = |other: &Value| other["dimension"] == condition["dimension"];
                if condition["negate"] != true && draft.conditions.iter().any(same) {
                    draft.enabled = false;
                    import.lost(
                        &at,
                        "Both conditions on one thing must hold there, and either would do here; \
                         the scenario is off.",
                        "Там нужны оба условия на одно и то же, здесь хватило бы любого; сценарий \
                         выключен.",
                    );
                }
                draft.conditions.push(condition);
            }
            None => {
                draft.enabled = false;
                let segment = told(segment);
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
    /// The source of a static number; `begins` where it is only the beginning of one.
    Source {
        source: String,
        begins: bool,
    },
    Condition(Value),
}

fn read_segment(segment: &Value, dynamic: bool) -> Option<Segment> {
    let [field, operator, value] = segment.as_array()?.as_slice() else {
        return None;
    };
    let (field, operator) = (field.as_str()?.trim(), operator.as_str()?.trim());
    let values = texts(value)?;
    let (operator, pattern, negate): (_, fn(&str) -> String, bool) = match operator {
        "=" | "in" => ("equals", str::to_owned, false),
        "!=" => ("equals", str::to_owned, true),
        "like%" => ("wildcard", |value| format!("{value}*"), false),
        "%like" => ("wildcard", |value| format!("*{value}"), false),
        "%like%" => ("contains", str::to_owned, false),
        _ => return None,
    };
    if !dynamic && field == "source" && !negate && matches!(operator, "equals" | "wildcard") {
        let [source] = values.as_slice() else {
            return None;
        };
        let begins = operator == "wildcard";
        // A static number knows how its source begins, not how it ends.
        let ends = begins && pattern("x") == "*x";
        return (!ends).then(|| Segment::Source {
            source: source.clone(),
            begins,
        });
    }
    // A source of Roistat is the label, or the name of a channel without labels.
    let channel = ["organic", "social", "email", "referral"];
    let (dimension, operator, pattern): (&str, _, fn(&str) -> String) = match field {
        "source" if values.iter().all(|value| channel.contains(&value.as_str())) => {
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
    let values: Vec<String> = values.iter().map(|value| pattern(value)).collect();
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
    for (at, item) in list(at, options, "css_selector") {
        let Some(selector) = text_of(item) else {
            import.odd(&at, item);
            continue;
        };
        let class = selector.strip_prefix('.').filter(|class| {
            class
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        });
        let target = match class {
            Some(class) => json!({"class": class}),
            None => json!({"selector": selector}),
        };
        if !draft.targets.contains(&target) {
            draft.targets.push(target);
        }
    }
    for (at, item) in list(at, options, "replaceable_numbers") {
        let text = text_of(item).unwrap_or_default();
        match crate::phone::read_written(&text, import.home()) {
            Some(number) => {
                let target = json!({"number": number});
                if !draft.targets.contains(&target) {
                    draft.targets.push(target);
                }
            }
            None => {
                let item = told(item);
                import.lost(
                    &at,
                    format!("{item} is no telephone number."),
                    format!("{item} — не телефонный номер."),
                );
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
    let place = member(at, "redirect");
    let value = match options.get("redirect") {
        Some(Value::Object(redirect)) => {
            import.unknown_members(&place, redirect, &["type", "value"]);
            import.text(&place, redirect, "value")
        }
        // The value alone.
        _ => import.text(at, options, "redirect"),
    };
    let Ok(Some(value)) = value else {
        return;
    };
    let value = value.as_str();
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
            &place,
            "Neither a telephone number nor a SIP address.",
            "Ни телефонный номер, ни адрес SIP.",
        );
    }
}

/// Outputs are set elsewhere, for the whole site.
fn read_integration(pointer: &str, scenario: &Map<String, Value>, import: &mut Import<'_>) {
    for (at, item) in list(pointer, scenario, "integration") {
        match item.as_object() {
            Some(integration) => {
                import.unknown_members(&at, integration, &[]);
            }
            None => {
                import.odd(&at, item);
            }
        }
    }
}
