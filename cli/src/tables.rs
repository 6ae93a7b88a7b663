//! Which members of an answer a table shows, under which headings.

use jiff::Timestamp;
use serde_json::Value;

/// How a member is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// As it is; lists with commas between.
    Plain,
    /// Unix milliseconds as date and time in UTC.
    Time,
    /// Unix milliseconds as a day.
    Day,
    /// A telephone number: `+` and digits.
    Phone,
    /// A share of one, in percent.
    Percent,
    /// Yes or nothing.
    Flag,
}

/// One column: English and Russian heading, JSON pointer, form.
pub(crate) type Column = (&'static str, &'static str, &'static str, Form);

/// A table over the items of a list, or over one record.
#[derive(Debug)]
pub(crate) struct Table {
    /// JSON pointer of the list; empty for one record.
    pub(crate) list: &'static str,
    /// Its columns.
    pub(crate) columns: &'static [Column],
}

impl Table {
    /// The headings.
    pub(crate) fn headings(&self, russian: bool) -> Vec<&'static str> {
        let heading = |column: &Column| if russian { column.1 } else { column.0 };
        self.columns.iter().map(heading).collect()
    }
}

/// The cells of every row.
pub(crate) fn rows(table: &Table, value: &Value) -> Vec<Vec<String>> {
    let items = match value.pointer(table.list) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(record @ Value::Object(_)) => vec![record],
        _ => Vec::new(),
    };
    let row = |item: &Value| {
        let cell = |(_, _, pointer, form): &Column| {
            item.pointer(pointer)
                .map(|value| written(value, *form))
                .unwrap_or_default()
        };
        table.columns.iter().map(cell).collect()
    };
    items.into_iter().map(row).collect()
}

fn written(value: &Value, form: Form) -> String {
    match (form, value) {
        (_, Value::Null) => String::new(),
        (Form::Time, _) => time(value, "%Y-%m-%d %H:%M:%S"),
        (Form::Day, _) => time(value, "%Y-%m-%d"),
        (Form::Phone, Value::String(digits)) => format!("+{digits}"),
        (Form::Percent, value) => value
            .as_f64()
            .map(|share| format!("{:.1} %", share * 100.0))
            .unwrap_or_default(),
        (Form::Flag, Value::Bool(true)) => "✓".to_owned(),
        (Form::Flag, _) => String::new(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| written(item, form)).collect();
            items.join(", ")
        }
        (_, other) => other.to_string(),
    }
}

fn time(value: &Value, form: &str) -> String {
    value
        .as_i64()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .map(|at| at.strftime(form).to_string())
        .unwrap_or_default()
}

/// An instant as somebody writes it, in Unix milliseconds.
pub(crate) fn instant(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        text.parse::<Timestamp>()
            .ok()
            .map(Timestamp::as_millisecond)
    })
}

use Form::{Day, Flag, Percent, Phone, Plain, Time};

pub(crate) const SITES: Table = Table {
    list: "/sites",
    columns: &[
        ("site", "сайт", "/site", Plain),
        ("created", "создан", "/created_at_ms", Time),
    ],
};
pub(crate) const SITE: Table = Table {
    list: "",
    columns: &[
        ("site", "сайт", "/site", Plain),
        ("name", "название", "/name", Plain),
        ("version", "версия", "/version", Plain),
        ("pools", "пулы", "/pools", Plain),
        ("scenarios", "сценарии", "/scenarios", Plain),
        ("bytes", "байт", "/stored_bytes", Plain),
    ],
};
pub(crate) const VERSIONS: Table = Table {
    list: "/versions",
    columns: &[
        ("version", "версия", "/version", Plain),
        ("at", "время", "/at", Time),
        ("author", "автор", "/author", Plain),
        ("note", "заметка", "/note", Plain),
    ],
};
pub(crate) const CHANGES: Table = Table {
    list: "/changes",
    columns: &[
        ("where", "где", "/path", Plain),
        ("before", "было", "/before", Plain),
        ("after", "стало", "/after", Plain),
    ],
};
pub(crate) const NOTES: Table = Table {
    list: "/notes",
    columns: &[
        ("where", "где", "/pointer", Plain),
        ("outcome", "итог", "/outcome", Plain),
        ("what", "что", "/message/en", Plain),
    ],
};
pub(crate) const NOTES_RU: Table = Table {
    list: "/notes",
    columns: &[
        ("where", "где", "/pointer", Plain),
        ("outcome", "итог", "/outcome", Plain),
        ("what", "что", "/message/ru", Plain),
    ],
};
pub(crate) const NUMBERS: Table = Table {
    list: "/numbers",
    columns: &[
        ("number", "номер", "/number", Phone),
        ("scenarios", "сценарии", "/scenarios", Plain),
        ("calls", "звонки", "/calls", Plain),
        ("type", "тип", "/origin", Plain),
        ("connected", "подключён", "/connected", Plain),
        ("state", "состояние", "/state", Plain),
        ("city", "город", "/city", Plain),
        ("last shown", "показан", "/last_shown_at", Time),
        ("last call", "звонок", "/last_call_at", Time),
    ],
};
pub(crate) const SCENARIOS: Table = Table {
    list: "/scenarios",
    columns: &[
        ("scenario", "сценарий", "/id", Plain),
        ("name", "название", "/name", Plain),
        ("on", "вкл.", "/enabled", Flag),
        ("kind", "вид", "/kind", Plain),
        ("priority", "приоритет", "/priority", Plain),
        ("pool", "пул", "/pool", Plain),
        ("numbers", "номера", "/numbers", Plain),
        ("reserve", "резерв", "/reserve_number", Phone),
    ],
};
pub(crate) const KEYS: Table = Table {
    list: "/keys",
    columns: &[
        ("key", "ключ", "/key", Plain),
        ("name", "название", "/name", Plain),
        ("role", "роль", "/role", Plain),
        ("made", "создан", "/created_at", Time),
        ("last used", "использован", "/last_used_at", Day),
        ("revoked", "отозван", "/revoked_at", Time),
    ],
};
pub(crate) const CALLS: Table = Table {
    list: "/calls",
    columns: &[
        ("started", "начало", "/started_at", Time),
        ("number", "номер", "/dialed", Phone),
        ("caller", "звонивший", "/caller", Plain),
        ("status", "итог", "/status", Plain),
        ("talk, s", "разговор, с", "/talk_s", Plain),
        ("target", "целевой", "/is_target", Flag),
        ("source", "источник", "/source", Plain),
        ("sure", "точность", "/attribution/probability", Percent),
        ("call", "звонок", "/id", Plain),
    ],
};
pub(crate) const CANDIDATES: Table = Table {
    list: "/attribution/candidates",
    columns: &[
        ("probability", "вероятность", "/probability", Percent),
        ("source", "источник", "/source", Plain),
        ("visitor", "посетитель", "/visitor", Plain),
        ("granted", "выдан", "/granted_at", Time),
        ("last seen", "виден", "/last_activity", Time),
        ("why", "почему", "/why", Plain),
    ],
};
pub(crate) const TOUCHES: Table = Table {
    list: "/touches",
    columns: &[
        ("touch", "касание", "/at", Time),
        ("channel", "канал", "/channel", Plain),
        ("source", "источник", "/source", Plain),
        ("page", "страница", "/landing_page", Plain),
    ],
};
pub(crate) const REVISIONS: Table = Table {
    list: "/revisions",
    columns: &[
        ("revision", "редакция", "/revision", Plain),
        ("at", "время", "/at", Time),
        ("author", "автор", "/author", Plain),
        ("by", "кто", "/by", Plain),
        ("source", "источник", "/source", Plain),
        ("sure", "точность", "/probability", Percent),
        ("note", "заметка", "/note", Plain),
    ],
};
pub(crate) const KEPT: Table = Table {
    list: "/events",
    columns: &[
        ("event", "событие", "/id", Plain),
        ("at", "время", "/received_at", Time),
        ("provider", "АТС", "/provider", Plain),
        ("why", "почему", "/reason", Plain),
        ("body", "тело", "/body", Plain),
    ],
};
pub(crate) const RETRIED: Table = Table {
    list: "",
    columns: &[
        ("events read", "прочитано событий", "/events", Plain),
        ("calls", "звонки", "/calls", Plain),
    ],
};
pub(crate) const SIZING: Table = Table {
    list: "/ways",
    columns: &[
        ("numbers are lent", "номера выдаются", "/way", Plain),
        ("numbers needed", "нужно номеров", "/numbers", Plain),
        (
            "accuracy with yours",
            "точность с вашими",
            "/accuracy",
            Percent,
        ),
        (
            "coverage with yours",
            "покрытие вашими",
            "/coverage",
            Percent,
        ),
    ],
};
pub(crate) const LEASES: Table = Table {
    list: "/leases",
    columns: &[
        ("granted", "выдан", "/granted_at", Time),
        ("ended", "окончен", "/ended_at", Time),
        ("visitor", "посетитель", "/visitor", Plain),
        ("visit", "визит", "/visit", Plain),
        ("source", "источник", "/context/source", Plain),
    ],
};
pub(crate) const REPORT: Table = Table {
    list: "/rows",
    columns: &[
        ("group", "группа", "/key", Plain),
        ("visits", "визиты", "/now/visits", Plain),
        ("calls", "звонки", "/now/calls", Plain),
        ("target", "целевые", "/now/target", Plain),
        ("missed", "пропущенные", "/now/missed", Plain),
        ("callers", "звонившие", "/now/unique_callers", Plain),
        ("first", "впервые", "/now/first_time", Plain),
        ("per visit", "на визит", "/now/conversion", Percent),
        ("sure", "точность", "/now/accuracy", Percent),
        ("calls before", "звонки до", "/before/calls", Plain),
    ],
};
pub(crate) const LIVE: Table = Table {
    list: "/numbers",
    columns: &[
        ("number", "номер", "/number", Phone),
        ("state", "состояние", "/state", Plain),
        ("since", "с", "/since", Time),
        ("source", "источник", "/source", Plain),
        ("visitor", "посетитель", "/visitor", Plain),
        ("in call", "разговор", "/in_call", Flag),
    ],
};
pub(crate) const LOAD: Table = Table {
    list: "",
    columns: &[
        ("scenario", "сценарий", "/scenario", Plain),
        ("pool", "пул", "/pool", Plain),
        ("numbers", "номера", "/numbers", Plain),
        ("active", "активны", "/active", Plain),
        ("needed", "нужно", "/recommendation/need", Plain),
        ("colour", "цвет", "/recommendation/colour", Plain),
    ],
};
pub(crate) const DELAYS: Table = Table {
    list: "",
    columns: &[
        ("scenario", "сценарий", "/scenario", Plain),
        ("pool", "пул", "/pool", Plain),
        ("by", "по чему", "/callers/basis", Plain),
        ("own calls", "свои звонки", "/callers/own_calls", Plain),
        ("half, ms", "половина, мс", "/callers/half_ms", Plain),
        ("90 %, ms", "90 %, мс", "/callers/nine_in_ten_ms", Plain),
        (
            "95 %, ms",
            "95 %, мс",
            "/callers/nineteen_in_twenty_ms",
            Plain,
        ),
        ("put at", "загружена", "/imported_at", Time),
    ],
};
pub(crate) const AUDIT: Table = Table {
    list: "/rows",
    columns: &[
        ("row", "строка", "/sequence", Plain),
        ("at", "время", "/at", Time),
        ("who", "кто", "/actor", Plain),
        ("what", "что", "/action", Plain),
        ("to what", "с чем", "/subject", Plain),
        ("request", "запрос", "/request", Plain),
    ],
};
pub(crate) const DELIVERIES: Table = Table {
    list: "/deliveries",
    columns: &[
        ("receiver", "получатель", "/receiver", Plain),
        ("delivery", "отправка", "/delivery", Plain),
        ("event", "событие", "/event", Plain),
        ("call", "звонок", "/call", Plain),
        ("state", "состояние", "/state", Plain),
        ("attempts", "попытки", "/attempts", Plain),
        ("at", "время", "/at", Time),
        ("why", "почему", "/why", Plain),
    ],
};
pub(crate) const OUTBOX: Table = Table {
    list: "/rows",
    columns: &[
        ("row", "строка", "/sequence", Plain),
        ("at", "время", "/at", Time),
        ("event", "событие", "/event", Plain),
        ("call", "звонок", "/call", Plain),
        ("revision", "редакция", "/revision", Plain),
    ],
};
pub(crate) const REPLAY: Table = Table {
    list: "",
    columns: &[
        ("calls", "звонки", "/calls", Plain),
        ("changed", "изменены", "/changed", Plain),
        ("reweighed", "взвешены иначе", "/reweighed", Plain),
        ("by hand", "вручную", "/by_hand", Plain),
        ("applied", "записано", "/applied", Flag),
    ],
};
pub(crate) const REPLAY_SOURCES: Table = Table {
    list: "/sources",
    columns: &[
        ("source", "источник", "/source", Plain),
        ("before", "было", "/before", Plain),
        ("after", "стало", "/after", Plain),
    ],
};
pub(crate) const STOCK: Table = Table {
    list: "",
    columns: &[
        ("stock", "запас", "/stock", Plain),
        ("sites", "сайты", "/sites", Plain),
        ("free", "свободны", "/free", Plain),
        ("lent", "выданы", "/lent", Plain),
    ],
};
pub(crate) const STOCK_NUMBERS: Table = Table {
    list: "/numbers",
    columns: &[
        ("number", "номер", "/number", Phone),
        ("state", "состояние", "/state", Plain),
        ("site", "сайт", "/site", Plain),
        ("pool", "пул", "/pool", Plain),
        ("since", "с", "/since", Time),
    ],
};
pub(crate) const STOCK_KEPT: Table = Table {
    list: "",
    columns: &[
        ("taken", "взяты", "/taken", Plain),
        ("returning", "возвращаются", "/returning", Plain),
        ("returned", "возвращены", "/returned", Plain),
        ("missing", "не хватило", "/missing", Plain),
    ],
};
pub(crate) const PROFILES: Table = Table {
    list: "/profiles",
    columns: &[
        ("profile", "профиль", "/name", Plain),
        ("address", "адрес", "/url", Plain),
        ("site", "сайт", "/site", Plain),
        ("key", "ключ", "/has_key", Flag),
        ("default", "по умолчанию", "/default", Flag),
    ],
};
pub(crate) const OPERATIONS: Table = Table {
    list: "/operations",
    columns: &[
        ("operation", "операция", "/name", Plain),
        ("method", "метод", "/method", Plain),
        ("path", "путь", "/path", Plain),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_written_by_their_form() {
        let call = json!({"calls": [{
            "started_at": 1_700_000_000_000_i64, "dialed": "74950000001", "caller": null,
            "is_target": true, "attribution": {"probability": 0.975}, "talk_s": 12,
        }]});
        let cells = rows(&CALLS, &call).concat().join("|");
        assert_eq!(cells, "2023-11-14 22:13:20|+74950000001|||12|✓||97.5 %|");
        let number = json!({"numbers": [{"number": "1", "scenarios": ["a", "b"]}]});
        assert_eq!(rows(&NUMBERS, &number)[0][1], "a, b");
        assert!(rows(&SITES, &json!({})).is_empty());
    }

    #[test]
    fn instants_are_milliseconds_or_rfc_3339() {
        assert_eq!(instant("1700000000000"), Some(1_700_000_000_000));
        assert_eq!(instant("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
        assert_eq!(instant("yesterday"), None);
    }
}
