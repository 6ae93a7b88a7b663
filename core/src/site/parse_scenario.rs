//! Reading scenarios: kind, conditions, targets, forwarding.

use super::fault::Problem;
use super::reader::{Fields, Node};
use crate::condition::{Condition, Dimension, Operator};
use crate::id::{PoolId, ScenarioId};
use crate::limits;
use crate::mask::Mask;
use crate::scenario::{
    Forward, ForwardTo, Overflow, Scenario, ScenarioKind, Selector, StaticBinding, Target,
};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Dynamic,
    Static,
    Params,
}

const KINDS: [(&str, Kind); 3] = [
    ("dynamic", Kind::Dynamic),
    ("static", Kind::Static),
    ("params", Kind::Params),
];

pub(super) fn read_scenario(node: &Node<'_>) -> Option<Scenario> {
    let mut fields = node.fields()?;
    let id = fields
        .need("id")
        .and_then(|node| node.id(ScenarioId::parse));
    let name = fields.get("name").map(|node| node.text(limits::NAME_CHARS));
    let enabled = fields.get("enabled").map_or(Some(true), |node| node.flag());
    let kind = read_kind(&mut fields);
    let most = i64::from(limits::PRIORITY);
    let priority = fields
        .get("priority")
        .and_then(|node| node.whole(-most, most));
    let conditions = fields.get("conditions").map(|node| read_conditions(&node));
    let targets = read_targets(&mut fields);
    let exclusions = fields.get("exclusions").map(|node| {
        let items = node.items(limits::TARGETS);
        items
            .iter()
            .filter_map(|node| read_selector(node, false).map(|(it, _)| it))
            .collect()
    });
    let mask = fields.get("mask").and_then(|node| read_mask(&node));
    let reserve_number = fields.get("reserve_number").and_then(|node| node.number());
    let overflows = [("reserve", Overflow::Reserve), ("page", Overflow::Page)];
    let overflow = fields
        .get("overflow")
        .and_then(|node| node.choice(overflows));
    let forward = fields.get("forward").and_then(|node| read_forward(&node));
    let talk = fields.get("target_talk_s");
    let target_talk_s = talk.and_then(|node| node.count(1, limits::TARGET_TALK_S));
    fields.done();
    let id = id?;
    Some(Scenario {
        name: name.flatten().unwrap_or(id.as_str()).to_owned(),
        id,
        enabled: enabled?,
        kind: kind?,
        priority: priority
            .and_then(|n| i32::try_from(n).ok())
            .unwrap_or_default(),
        conditions: conditions.unwrap_or_default(),
        targets,
        exclusions: exclusions.unwrap_or_default(),
        mask,
        reserve_number,
        overflow: overflow.unwrap_or_default(),
        forward,
        target_talk_s,
    })
}

fn read_kind(fields: &mut Fields<'_>) -> Option<ScenarioKind> {
    let kind = fields.need("kind").and_then(|node| node.choice(KINDS));
    let pool = fields.get("pool");
    let bindings = fields.get("bindings");
    let params = fields.get("params");
    let kind = kind?;
    let name = KINDS
        .iter()
        .find(|(_, other)| *other == kind)
        .map_or("", |(name, _)| *name);
    let given = [
        ("pool", &pool),
        ("bindings", &bindings),
        ("params", &params),
    ];
    let wanted: &[&str] = match kind {
        Kind::Dynamic => &["pool"],
        Kind::Static => &["bindings"],
        Kind::Params => &["pool", "params"],
    };
    for (field, node) in given {
        match node {
            Some(node) if !wanted.contains(&field) => {
                node.fault(Problem::NotHere {
                    name: field,
                    kind: name,
                });
            }
            None if wanted.contains(&field) => fields.node.fault(Problem::Missing { name: field }),
            _ => {}
        }
    }
    let pool = pool.and_then(|node| node.id(PoolId::parse));
    match kind {
        Kind::Dynamic => Some(ScenarioKind::Dynamic { pool: pool? }),
        Kind::Static => {
            let list = bindings?;
            let items = list.items(limits::STATIC_BINDINGS);
            let bindings = items.iter().enumerate().filter_map(|(index, item)| {
                let binding = read_binding(item);
                if binding.is_none() {
                    list.faults.leave_out(&list.pointer, index);
                }
                binding
            });
            Some(ScenarioKind::Static {
                bindings: bindings.collect(),
            })
        }
        Kind::Params => {
            let node = params?;
            let items = node.items(limits::BINDING_PARAMS);
            if items.is_empty() {
                node.fault(Problem::TooFew { min: 1 });
            }
            let params = items.iter().filter_map(read_dimension).collect();
            Some(ScenarioKind::Params {
                pool: pool?,
                params,
            })
        }
    }
}

fn read_binding(node: &Node<'_>) -> Option<StaticBinding> {
    let mut fields = node.fields()?;
    let number = fields.need("number").and_then(|node| node.number());
    let source = fields.need("source");
    let source = source.and_then(|node| node.text(limits::CONDITION_VALUE_CHARS));
    let offline = fields
        .get("offline")
        .and_then(|node| node.flag())
        .unwrap_or(false);
    let conditions = fields.get("conditions");
    if offline && let Some(node) = &conditions {
        node.fault(Problem::NotHere {
            name: "conditions",
            kind: "offline",
        });
    }
    let conditions = conditions.map(|node| read_conditions(&node));
    fields.done();
    Some(StaticBinding {
        number: number?,
        source: source?.to_owned(),
        offline,
        conditions,
    })
}

fn read_conditions(node: &Node<'_>) -> Vec<Condition> {
    node.items(limits::CONDITIONS)
        .iter()
        .filter_map(read_condition)
        .collect()
}

fn read_dimension(node: &Node<'_>) -> Option<Dimension> {
    node.choice(Dimension::all().map(|dimension| (dimension.name(), dimension)))
}

fn read_condition(node: &Node<'_>) -> Option<Condition> {
    let mut fields = node.fields()?;
    let dimension = fields
        .need("dimension")
        .and_then(|node| read_dimension(&node));
    let operators = Operator::ALL.map(|operator| (operator.name(), operator));
    let operator = fields
        .get("operator")
        .map_or(Some(Operator::Equals), |node| node.choice(operators));
    let negate = fields.get("negate").map_or(Some(false), |node| node.flag());
    let values = fields.need("values");
    fields.done();
    let values = values?;
    let items = values.items(limits::CONDITION_VALUES);
    if items.is_empty() {
        values.fault(Problem::TooFew { min: 1 });
    }
    let (dimension, operator, negate) = (dimension?, operator?, negate?);
    let known = dimension
        .known_values()
        .filter(|_| operator == Operator::Equals);
    let mut texts = Vec::with_capacity(items.len());
    for item in &items {
        let text = match &known {
            Some(known) => item.choice(known.iter().map(|name| (*name, *name))),
            None => item.text(limits::CONDITION_VALUE_CHARS),
        };
        texts.push(text.unwrap_or_default().to_owned());
    }
    match Condition::new(dimension, operator, texts, negate) {
        Ok(condition) => Some(condition),
        Err((index, why)) => {
            if let Some(item) = items.get(index) {
                item.fault(Problem::Pattern { why });
            }
            None
        }
    }
}

fn read_targets(fields: &mut Fields<'_>) -> Vec<Target> {
    let Some(node) = fields.get("targets") else {
        return Vec::new();
    };
    let mut targets: Vec<Target> = Vec::new();
    for item in node.items(limits::TARGETS) {
        let Some((selector, mask)) = read_selector(&item, true) else {
            continue;
        };
        match targets.iter().position(|other| other.selector == selector) {
            Some(first) => {
                let first = format!("{}/{first}", node.pointer);
                item.fault(Problem::IdTaken { id: "", first });
            }
            None => targets.push(Target { selector, mask }),
        }
    }
    targets
}

const SELECTORS: &[&str] = &["class", "selector", "element_id", "name", "number", "parts"];

/// One way of choosing elements, and a mask where one is allowed.
fn read_selector(node: &Node<'_>, with_mask: bool) -> Option<(Selector, Option<Mask>)> {
    let mut fields = node.fields()?;
    let given: Vec<_> = SELECTORS
        .iter()
        .filter_map(|name| Some((*name, fields.get(name)?)))
        .collect();
    let mask = if with_mask { fields.get("mask") } else { None };
    let mask = mask.and_then(|node| read_mask(&node));
    fields.done();
    let [(name, value)] = given.as_slice() else {
        node.fault(Problem::OneOf { names: SELECTORS });
        return None;
    };
    if *name == "number" {
        return Some((Selector::Number(value.number()?), mask));
    }
    let text = value.text(limits::SELECTOR_CHARS)?;
    let plausible = match *name {
        "selector" => is_selector(text),
        "class" | "parts" => is_word(text) && !text.starts_with('.'),
        "element_id" => is_word(text) && !text.starts_with('#'),
        _ => is_word(text),
    };
    if !plausible {
        value.fault(Problem::Selector { text });
        return None;
    }
    let text = text.to_owned();
    let selector = match *name {
        "class" => Selector::Class(text),
        "selector" => Selector::Selector(text),
        "element_id" => Selector::ElementId(text),
        "parts" => Selector::Parts(text),
        _ => Selector::Name(text),
    };
    Some((selector, mask))
}

fn is_word(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
}

/// Not a full grammar: what every browser would refuse. The agent survives the rest.
fn is_selector(text: &str) -> bool {
    let mut open = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, c) {
            (_, '\\') => escaped = true,
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, ')' | ']') if open.pop() != Some(c) => return false,
            (None, '<' | '{' | '}' | ';' | '@') => return false,
            _ if c.is_control() => return false,
            _ => {}
        }
    }
    let dangling = text
        .trim_end()
        .ends_with(['>', '+', '~', ',', '.', '#', ':']);
    open.is_empty() && quote.is_none() && !escaped && !dangling
}

fn read_mask(node: &Node<'_>) -> Option<Mask> {
    let text = node.text(limits::MASK_CHARS)?;
    match Mask::parse(text) {
        Ok(mask) => Some(mask),
        Err(why) => {
            node.fault(Problem::Mask { why });
            None
        }
    }
}

pub(super) fn read_forward(node: &Node<'_>) -> Option<Forward> {
    const NAMES: &[&str] = &["phone", "sip"];
    let mut fields = node.fields()?;
    let (phone, sip) = (fields.get("phone"), fields.get("sip"));
    let extension = fields.get("extension");
    let whisper = fields.get("whisper").map(|node| node.flag());
    fields.done();
    let to = match (phone, sip) {
        (Some(phone), None) => Some(ForwardTo::Phone(phone.number()?)),
        (None, Some(sip)) => Some(ForwardTo::Sip(read_sip(&sip)?)),
        // An extension alone: the exchange knows the line.
        (None, None) if extension.is_some() => None,
        _ => {
            node.fault(Problem::OneOf { names: NAMES });
            return None;
        }
    };
    let extension = match extension {
        Some(node) => Some(read_extension(&node)?),
        None => None,
    };
    Some(Forward {
        to,
        extension,
        whisper: whisper.flatten().unwrap_or_default(),
    })
}

fn read_sip(node: &Node<'_>) -> Option<String> {
    let text = node.text(limits::SELECTOR_CHARS)?;
    if !is_sip(text) {
        node.fault(Problem::Sip { text });
        return None;
    }
    Some(text.to_owned())
}

/// Letters, digits, `-`, `_`, `.` and `@`: it goes into JSON and forms of exchanges.
fn read_extension(node: &Node<'_>) -> Option<String> {
    let text = node.text(limits::EXTENSION_CHARS)?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.@".contains(&b);
    if !text.bytes().all(legal) {
        node.fault(Problem::Extension { text });
        return None;
    }
    Some(text.to_owned())
}

/// `sip:user@host` or `sips:user@host`, of visible ASCII: it goes into headers and XML.
fn is_sip(text: &str) -> bool {
    let rest = text
        .strip_prefix("sip:")
        .or_else(|| text.strip_prefix("sips:"));
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"<>\"'`\\".contains(&b));
    plain
        && rest
            .and_then(|rest| rest.split_once('@'))
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}
