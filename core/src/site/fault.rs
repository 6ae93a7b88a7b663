//! Faults of a configuration: where, what, and what to do, in English and Russian.

use super::Text;
use serde::Serialize;
use std::cell::RefCell;

/// One thing that must be changed before a configuration is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// A stable word for programs.
    pub code: &'static str,
    /// What is wrong.
    pub message: Text,
    /// What to do.
    pub help: Text,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}: {} {}",
            self.pointer, self.code, self.message.en, self.help.en
        )
    }
}

/// What can be wrong. Texts are made by [`Problem::into_fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem<'a> {
    NotJson {
        at: String,
    },
    TooLarge {
        max: usize,
    },
    Version,
    Type {
        expected: &'static str,
        found: &'static str,
    },
    Missing {
        name: &'a str,
    },
    UnknownField {
        name: &'a str,
        like: Option<&'a str>,
    },
    Doubled {
        name: &'a str,
    },
    Id {
        text: &'a str,
    },
    IdTaken {
        id: &'a str,
        first: String,
    },
    Phone {
        text: &'a str,
    },
    NumberTaken {
        number: String,
        first: String,
    },
    NumberBusy {
        number: String,
        first: String,
    },
    UnknownPool {
        id: &'a str,
        like: Option<&'a str>,
    },
    Range {
        min: i64,
        max: i64,
    },
    TooMany {
        max: usize,
    },
    TooFew {
        min: usize,
    },
    TooLong {
        max: usize,
    },
    Empty,
    Value {
        text: &'a str,
        allowed: Vec<&'static str>,
        like: Option<&'a str>,
    },
    Mask {
        why: crate::mask::MaskError,
    },
    Selector {
        text: &'a str,
    },
    Picture(&'a str),
    Origin {
        text: &'a str,
        why: Text,
    },
    TimeZone {
        text: &'a str,
    },
    CountryCode {
        text: &'a str,
    },
    AreaCode {
        text: &'a str,
    },
    CookieDomain {
        text: &'a str,
    },
    Date {
        text: &'a str,
    },
    Pattern {
        why: String,
    },
    Telephony {
        why: String,
    },
    Sip {
        text: &'a str,
    },
    Extension {
        text: &'a str,
    },
    Receiver {
        text: &'a str,
        why: Text,
    },
    ShortSecret {
        min: usize,
    },
    OneOf {
        names: &'static [&'static str],
    },
    NotHere {
        name: &'static str,
        kind: &'static str,
    },
    IdleBeyondHold,
    MoreFaults {
        count: usize,
    },
}

fn pair(en: impl Into<String>, ru: impl Into<String>) -> Text {
    Text {
        en: en.into(),
        ru: ru.into(),
    }
}

pub(super) fn text(en: &str, ru: &str) -> Text {
    pair(en, ru)
}

fn like(like: Option<&str>, en: &str, ru: &str) -> Text {
    match like {
        Some(like) => pair(
            format!("Did you mean \"{like}\"?"),
            format!("Возможно, имелось в виду «{like}»."),
        ),
        None => pair(en, ru),
    }
}

impl Problem<'_> {
    pub(super) fn into_fault(self, pointer: String) -> Fault {
        let (code, message, help) = self.texts();
        Fault {
            pointer,
            code,
            message,
            help,
        }
    }

    fn texts(self) -> (&'static str, Text, Text) {
        match self {
            Self::NotJson { .. }
            | Self::TooLarge { .. }
            | Self::Version
            | Self::Type { .. }
            | Self::Missing { .. }
            | Self::UnknownField { .. }
            | Self::Doubled { .. }
            | Self::MoreFaults { .. } => self.form_texts(),
            Self::Id { .. }
            | Self::IdTaken { .. }
            | Self::Phone { .. }
            | Self::NumberTaken { .. }
            | Self::NumberBusy { .. }
            | Self::UnknownPool { .. } => self.reference_texts(),
            Self::Range { .. }
            | Self::TooMany { .. }
            | Self::TooFew { .. }
            | Self::TooLong { .. }
            | Self::Empty
            | Self::Value { .. }
            | Self::OneOf { .. }
            | Self::NotHere { .. }
            | Self::IdleBeyondHold => self.value_texts(),
            _ => self.domain_texts(),
        }
    }

    /// The form of the document.
    fn form_texts(self) -> (&'static str, Text, Text) {
        match self {
            Self::NotJson { at } => (
                "not_json",
                pair(
                    format!("This is not JSON: {at}."),
                    format!("Это не JSON: {at}."),
                ),
                pair("Correct the syntax.", "Исправьте синтаксис."),
            ),
            Self::TooLarge { max } => (
                "too_large",
                pair(
                    format!("The document is larger than {max} bytes."),
                    format!("Документ больше {max} байт."),
                ),
                pair("Split the site in two.", "Разделите сайт на два."),
            ),
            Self::Version => (
                "version",
                pair(
                    "This version of the form is not known.",
                    "Эта версия формы неизвестна.",
                ),
                pair("Write \"v\": 1.", "Укажите \"v\": 1."),
            ),
            Self::Type { expected, found } => (
                "wrong_type",
                pair(
                    format!("Expected {expected}, found {found}."),
                    format!("Нужно {}, а стоит {}.", kind_ru(expected), kind_ru(found)),
                ),
                pair(
                    format!("Write {expected}."),
                    format!("Укажите {}.", kind_ru(expected)),
                ),
            ),
            Self::Missing { name } => (
                "missing",
                pair(
                    format!("\"{name}\" is missing."),
                    format!("Не указано «{name}»."),
                ),
                pair(format!("Add \"{name}\"."), format!("Добавьте «{name}».")),
            ),
            Self::UnknownField { name, like: near } => (
                "unknown_field",
                pair(
                    format!("\"{name}\" means nothing here."),
                    format!("Поле «{name}» неизвестно."),
                ),
                like(near, "Remove it.", "Уберите его."),
            ),
            Self::Doubled { name } => (
                "doubled_field",
                pair(
                    format!("\"{name}\" stands twice."),
                    format!("Поле «{name}» указано дважды."),
                ),
                pair("Keep one.", "Оставьте одно."),
            ),
            Self::MoreFaults { count } => (
                "more_faults",
                pair(
                    format!("{count} more faults."),
                    format!("Ещё ошибок: {count}."),
                ),
                pair(
                    "Correct the ones listed first.",
                    "Сначала исправьте перечисленные.",
                ),
            ),
            _ => unreachable!("listed by `texts`"),
        }
    }

    /// Ids and numbers.
    fn reference_texts(self) -> (&'static str, Text, Text) {
        match self {
            Self::Id { text } => (
                "bad_id",
                pair(
                    format!("\"{text}\" is no id."),
                    format!("«{text}» не годится как id."),
                ),
                pair(
                    "Use 1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit.",
                    "От 1 до 64 знаков a-z, 0-9, - и _, первый — буква или цифра.",
                ),
            ),
            Self::IdTaken { id, first } => (
                "id_taken",
                match id {
                    "" => pair(
                        format!("This stands at {first} already."),
                        format!("Это уже указано: {first}."),
                    ),
                    id => pair(
                        format!("\"{id}\" stands at {first} already."),
                        format!("«{id}» уже указано: {first}."),
                    ),
                },
                pair("Choose another.", "Выберите другое."),
            ),
            Self::Phone { text } => (
                "bad_number",
                pair(
                    format!("\"{text}\" is no telephone number."),
                    format!("«{text}» — не телефонный номер."),
                ),
                pair(
                    "Write all digits with the country code, such as 74950000001.",
                    "Укажите все цифры с кодом страны, например 74950000001.",
                ),
            ),
            Self::NumberTaken { number, first } => (
                "number_taken",
                pair(
                    format!("The number {number} stands at {first} already."),
                    format!("Номер {number} уже указан: {first}."),
                ),
                pair(
                    "Keep it in one place: a number lives in one pool or has one source.",
                    "Оставьте его в одном месте: у номера один пул или один источник.",
                ),
            ),
            Self::NumberBusy { number, first } => (
                "number_in_pool",
                pair(
                    format!("The number {number} is used at {first}."),
                    format!("Номер {number} уже занят: {first}."),
                ),
                pair(
                    "Remove it there or choose another reserve number.",
                    "Уберите его оттуда или выберите другой резервный номер.",
                ),
            ),
            Self::UnknownPool { id, like: near } => (
                "unknown_pool",
                pair(
                    format!("There is no pool \"{id}\"."),
                    format!("Пула «{id}» нет."),
                ),
                like(
                    near,
                    "Add the pool or name another.",
                    "Добавьте пул или укажите другой.",
                ),
            ),
            _ => unreachable!("listed by `texts`"),
        }
    }

    /// Sizes and choices.
    fn value_texts(self) -> (&'static str, Text, Text) {
        match self {
            Self::Range { min, max } => (
                "out_of_range",
                pair(
                    format!("Must be from {min} to {max}."),
                    format!("Допустимо от {min} до {max}."),
                ),
                pair(
                    "Choose a value within.",
                    "Выберите значение в этих пределах.",
                ),
            ),
            Self::TooMany { max } => (
                "too_many",
                pair(format!("More than {max}."), format!("Больше {max}.")),
                pair(
                    format!("Keep at most {max}."),
                    format!("Оставьте не больше {max}."),
                ),
            ),
            Self::TooFew { min } => (
                "too_few",
                pair(format!("Fewer than {min}."), format!("Меньше {min}.")),
                pair(
                    format!("Give at least {min}."),
                    format!("Укажите не меньше {min}."),
                ),
            ),
            Self::TooLong { max } => (
                "too_long",
                pair(
                    format!("Longer than {max} characters."),
                    format!("Длиннее {max} знаков."),
                ),
                pair("Shorten it.", "Сократите."),
            ),
            Self::Empty => (
                "empty",
                pair("Empty.", "Пусто."),
                pair(
                    "Give a value or remove the field.",
                    "Укажите значение или уберите поле.",
                ),
            ),
            Self::Value {
                text,
                allowed,
                like: near,
            } => {
                let list = allowed.join(", ");
                (
                    "unknown_value",
                    pair(
                        format!("\"{text}\" is not known here."),
                        format!("Значение «{text}» неизвестно."),
                    ),
                    like(
                        near,
                        &format!("One of: {list}."),
                        &format!("Одно из: {list}."),
                    ),
                )
            }
            Self::OneOf { names } => {
                let list = names.join(", ");
                (
                    "one_of",
                    pair("Exactly one must be given.", "Нужно указать ровно одно."),
                    pair(format!("One of: {list}."), format!("Одно из: {list}.")),
                )
            }
            Self::NotHere { name, kind } => (
                "not_here",
                pair(
                    format!("\"{name}\" has no meaning with \"{kind}\"."),
                    format!("«{name}» не имеет смысла при «{kind}»."),
                ),
                pair("Remove it.", "Уберите его."),
            ),
            Self::IdleBeyondHold => (
                "idle_beyond_hold",
                pair(
                    "The idle time is longer than the hold: it would never come to act.",
                    "Время неактивности больше времени закрепления: оно никогда не сработает.",
                ),
                pair(
                    "Shorten idle_release_ms or lengthen hold_ms.",
                    "Уменьшите idle_release_ms или увеличьте hold_ms.",
                ),
            ),
            _ => unreachable!("listed by `texts`"),
        }
    }

    /// Values with a grammar of their own.
    fn domain_texts(self) -> (&'static str, Text, Text) {
        match self {
            Self::Mask { why } => (
                "bad_mask",
                mask_text(why),
                text(
                    "Such as 8 (XXX) XXX-XX-XX, +# (###) ###-##-##, +{country} ({city}) {phone}.",
                    "Например: 8 (XXX) XXX-XX-XX, +# (###) ###-##-##, +{country} ({city}) {phone}.",
                ),
            ),
            Self::Selector { text } => (
                "bad_selector",
                pair(
                    format!("\"{text}\" selects nothing."),
                    format!("«{text}» ничего не выберет."),
                ),
                pair(
                    "Classes, ids and names are one word without dot and #; \
                     brackets and quotes of a selector are closed.",
                    "Класс, id и name — одно слово без точки и #; \
                     скобки и кавычки селектора закрыты.",
                ),
            ),
            Self::Picture(address) => (
                "bad_image",
                pair(
                    format!("\"{address}\" is no address of pictures."),
                    format!("«{address}» — не адрес картинок."),
                ),
                text(
                    "Such as /phones/{number}.svg.",
                    "Например: /phones/{number}.svg.",
                ),
            ),
            Self::Origin { text: origin, why } => (
                "bad_origin",
                pair(
                    format!("\"{origin}\": {}", why.en),
                    format!("«{origin}»: {}", why.ru),
                ),
                text(
                    "Such as https://shop.example or https://*.shop.example.",
                    "Например: https://shop.example или https://*.shop.example.",
                ),
            ),
            Self::TimeZone { text } => (
                "bad_time_zone",
                pair(
                    format!("\"{text}\" is no time zone."),
                    format!("«{text}» — не часовой пояс."),
                ),
                pair("Such as Europe/Moscow.", "Например, Europe/Moscow."),
            ),
            Self::CountryCode { text } => (
                "bad_country_code",
                pair(
                    format!("\"{text}\" is no country code."),
                    format!("«{text}» — не код страны."),
                ),
                pair("Such as 7, 375 or 1.", "Например: 7, 375 или 1."),
            ),
            Self::AreaCode { text } => (
                "bad_area_code",
                pair(
                    format!("\"{text}\" is no area code."),
                    format!("«{text}» — не код города."),
                ),
                pair("Digits only, such as 495.", "Только цифры, например 495."),
            ),
            Self::CookieDomain { text } => (
                "bad_cookie_domain",
                pair(
                    format!("No origin of the site lies under \"{text}\"."),
                    format!("Ни один адрес сайта не относится к «{text}»."),
                ),
                pair(
                    "Name the domain that the site's pages share, such as shop.example.",
                    "Укажите общий домен страниц сайта, например shop.example.",
                ),
            ),
            Self::Date { text } => (
                "bad_date",
                pair(
                    format!("\"{text}\" is no date."),
                    format!("«{text}» — не дата."),
                ),
                pair(
                    "Write year-month-day: 2026-11-21.",
                    "Год-месяц-день: 2026-11-21.",
                ),
            ),
            Self::Pattern { why } => (
                "bad_pattern",
                pair(
                    format!("No regular expression: {why}."),
                    format!("Не регулярное выражение: {why}."),
                ),
                pair(
                    "Correct it or use wildcard.",
                    "Исправьте или используйте wildcard.",
                ),
            ),
            Self::Telephony { why } => (
                "bad_telephony",
                pair(format!("{why}."), format!("Настройка телефонии: {why}.")),
                pair(
                    "See the provider's page of the guide.",
                    "Смотрите страницу оператора.",
                ),
            ),
            Self::Sip { text } => (
                "bad_sip",
                pair(
                    format!("\"{text}\" is no SIP address."),
                    format!("«{text}» — не адрес SIP."),
                ),
                pair(
                    "Such as sip:sales@pbx.example.",
                    "Например, sip:sales@pbx.example.",
                ),
            ),
            Self::Extension { text } => (
                "bad_extension",
                pair(
                    format!("\"{text}\" is no extension."),
                    format!("«{text}» — не внутренний номер."),
                ),
                pair("Such as 101.", "Например, 101."),
            ),
            Self::Receiver { text: url, why } => (
                "bad_receiver_url",
                pair(
                    format!("\"{url}\": {}", why.en),
                    format!("«{url}»: {}", why.ru),
                ),
                text(
                    "Such as https://crm.example/ringlet.",
                    "Например, https://crm.example/ringlet.",
                ),
            ),
            Self::ShortSecret { min } => (
                "short_secret",
                pair(
                    format!("A secret has at least {min} characters."),
                    format!("В секрете не меньше {min} знаков."),
                ),
                pair("Make it at random.", "Создайте его случайно."),
            ),
            _ => unreachable!("listed by `texts`"),
        }
    }
}

fn kind_ru(kind: &str) -> &'static str {
    match kind {
        "null" => "null",
        "boolean" => "true или false",
        "number" => "число",
        "a whole number" => "целое число",
        "string" => "строка",
        "array" => "список",
        _ => "объект",
    }
}

fn mask_text(why: crate::mask::MaskError) -> Text {
    use crate::mask::MaskError;
    match why {
        MaskError::Empty => pair("The mask is empty.", "Маска пуста."),
        MaskError::TooLong => pair("The mask is too long.", "Маска слишком длинная."),
        MaskError::Character(c) => pair(
            format!("\"{c}\" may not stand in a mask."),
            format!("Знак «{c}» в маске недопустим."),
        ),
        MaskError::Mixed => pair("X and # do not mix.", "X и # вместе не используются."),
        MaskError::Part => pair(
            "Parts are {country}, {trunk}, {city} and {phone}.",
            "Части маски: {country}, {trunk}, {city} и {phone}.",
        ),
        MaskError::PartOrder => pair(
            "Parts stand once each, in the order country, city, phone.",
            "Каждая часть — один раз, в порядке country, city, phone.",
        ),
        MaskError::NoPhone => pair("{phone} is missing.", "Нет части {phone}."),
        MaskError::Template => pair(
            "A template has 5 to 10 places, such as {phone:###-##-##}.",
            "В шаблоне от 5 до 10 знаков, например {phone:###-##-##}.",
        ),
        MaskError::Places => pair(
            "A mask has 5 to 17 digits and places.",
            "В маске от 5 до 17 цифр и знакомест.",
        ),
        MaskError::Digit => pair(
            "Digits and + stand only before the first place.",
            "Цифры и + стоят только перед первым знакоместом.",
        ),
    }
}

/// Faults found so far. Shared by everything that reads one document.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: RefCell<Vec<Fault>>,
    /// By list, the items that were left out.
    pub(super) left_out: RefCell<std::collections::BTreeMap<String, Vec<usize>>>,
}

impl Faults {
    pub(super) fn add(&self, pointer: &str, problem: Problem<'_>) {
        self.list
            .borrow_mut()
            .push(problem.into_fault(pointer.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// The faults in the order found; beyond [`crate::limits::FAULTS`] their number.
    pub(super) fn into_list(self) -> Vec<Fault> {
        let mut list = self.list.into_inner();
        let count = list.len().saturating_sub(crate::limits::FAULTS);
        if count > 0 {
            list.truncate(crate::limits::FAULTS);
            list.push(Problem::MoreFaults { count }.into_fault(String::new()));
        }
        list
    }
}
