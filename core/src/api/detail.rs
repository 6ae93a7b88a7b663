//! What exactly is wrong with a request: the `detail` of a refusal, in English and in Russian.
//!
//! What is here: every such sentence of the API. What is not: titles, which follow from the code
//! ([`super::problem`]); faults of documents, which have words of their own where they are found.
//! Invariant: each has both languages; programs go by `code`, never by these words.

use super::route::Access;
use super::unread::Unread;
use crate::site::Text;
use crate::time::Millis;

/// What exactly is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A fault of our own, for the log: nobody else is told.
    Own(String),
    /// The body could not be read as what it should be.
    Unread(Unread),
    /// The body's bytes are no UTF-8.
    NotUtf8,
    /// The body ended before its time.
    BrokeOff,
    /// The body is longer than so many bytes.
    TooLong(u64),
    /// The body is of none of these kinds.
    ContentType(Vec<&'static str>),
    /// A parameter that the route has not, and those it has.
    UnknownParameter(String, Vec<&'static str>),
    /// A parameter that is not what it must be.
    Parameter(&'static str, Wanted),
    /// There is no credential.
    NoKey,
    /// The token is no key here.
    UnknownKey,
    /// The deployer's token is needed, or keys open nothing here.
    DeployerOnly,
    /// A key of this role does not open what this access takes.
    Role(&'static str, Access),
    /// No `Origin`.
    NoOrigin,
    /// An `Origin` that the site does not list.
    ForeignOrigin,
    /// Ask again after this.
    AskAgain(Millis),
    /// There is no such report or file; these are.
    ThereAre(Vec<&'static str>),
    /// The configuration names no site.
    SiteUnnamed,
    /// The `Idempotency-Key` came with another request.
    KeyOfOther,
    /// The `Idempotency-Key` of a request that was just done.
    KeyJustDone,
    /// An `Idempotency-Key` of more characters than this.
    KeyTooLong(usize),
    /// The request made this key already.
    KeyMade(String),
    /// `If-Match` is needed; the ETag in force.
    IfMatchNeeded(String),
    /// Another version is in force; its ETag.
    OtherVersion(String),
    /// A version that is not accepted any more.
    VersionRefused(u64),
    /// The body is no JSON object.
    NotAnObject,
    /// The scenario's `id` is not the one of the address.
    OtherScenario,
    /// The pool is being divided.
    Dividing(String),
    /// The configuration was changed while it was exported.
    ExportChanged,
    /// The days of a replay.
    ReplayDays,
    /// What would change has changed.
    PlanChanged,
    /// More calls than this in the period.
    TooManyCalls(usize),
    /// The site is being imported.
    Importing,
    /// What an import says of itself or its lines is wrong.
    Import(ImportDetail),
    /// An event of a provider cannot be understood; why, in the words of its reader.
    Event(Text),
    /// `visit` names none of the call's candidates.
    NoCandidate,
    /// The call names no number.
    CallWithoutNumber,
    /// Nothing is kept of the visit.
    VisitForgotten,
    /// One of three members must be given.
    WhoseCall,
    /// `reason` is missing or longer than this.
    Reason(usize),
    /// `source` or `by` is empty or longer than this.
    SourceOrBy(usize),
    /// Only the deployer says who shares a stock.
    DeployerShares,
    /// `country_code` is none.
    CountryCode,
    /// This is no site's id.
    NoSiteId(String),
}

/// What a parameter must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A cursor that a page gave.
    Cursor,
    /// A place of an export.
    ExportPlace,
    /// A whole number from 1 to this.
    UpTo(u64),
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// An instant.
    Instant,
    /// A version.
    Version,
    /// Days of a report.
    Days,
    /// Not without `to`.
    WithTo,
    /// A period of at most so many calls; of the one before too, where it says so.
    PeriodOfCalls(usize, bool),
    /// The same of visits.
    PeriodOfVisits(usize, bool),
    /// A telephone number.
    Number,
    /// A part of an import.
    Part,
    /// 1 with the last part.
    LastPart,
    /// The name of an import in parts.
    Upload,
    /// At most so many characters.
    Chars(usize),
}

/// What is wrong with an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportDetail {
    /// The first line is none of an export.
    NoExport,
    /// An export of another site, or of a version that is not read.
    OtherExport,
    /// Lines follow the last one.
    AfterTheLast,
    /// The last line tells no count.
    NoCount,
    /// The last line is missing.
    NoLast,
    /// So many lines were written, and so many came.
    LinesMissing(u64, u64),
    /// The first part never came.
    NoFirstPart,
    /// A part is not the one after this, which is the last that came.
    AfterPart(u64),
    /// There is nothing of this import.
    Nothing,
    /// A line is longer than any of an export.
    LongLine,
    /// A line is of no pool: this.
    NoPool(String),
    /// A pool did not take a line; why.
    PoolRefuses(String, String),
    /// A pool that the configuration never gave a number.
    PoolUnknown(String),
    /// A pool cannot be built of its lines; why.
    PoolBroken(String, String),
    /// A line cannot be put back; why.
    LineBroken(String),
    /// There is no configuration among the lines.
    NoConfiguration,
}

impl From<Detail> for Text {
    fn from(detail: Detail) -> Self {
        let (en, ru) = words(detail);
        Self { en, ru }
    }
}

fn said(en: &str, ru: &str) -> (String, String) {
    (en.to_owned(), ru.to_owned())
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn words(detail: Detail) -> (String, String) {
    match detail {
        Detail::Own(fault) => (fault, String::new()),
        Detail::Unread(unread) => (unread.en, unread.ru),
        Detail::Event(why) => (why.en, format!("событие не понято: {}", why.ru)),
        Detail::Parameter(name, wanted) => {
            let (en, ru) = wanted_words(wanted);
            (format!("`{name}` must be {en}"), format!("`{name}`: {ru}"))
        }
        Detail::Import(import) => import_words(import),
        Detail::NotUtf8
        | Detail::BrokeOff
        | Detail::TooLong(_)
        | Detail::ContentType(_)
        | Detail::UnknownParameter(..)
        | Detail::NotAnObject
        | Detail::SiteUnnamed => body_words(detail),
        Detail::NoKey
        | Detail::UnknownKey
        | Detail::DeployerOnly
        | Detail::Role(..)
        | Detail::NoOrigin
        | Detail::ForeignOrigin
        | Detail::AskAgain(_)
        | Detail::DeployerShares => access_words(detail),
        Detail::KeyOfOther
        | Detail::KeyJustDone
        | Detail::KeyTooLong(_)
        | Detail::KeyMade(_)
        | Detail::IfMatchNeeded(_)
        | Detail::OtherVersion(_) => repeat_words(detail),
        other => other_words(other),
    }
}

/// Of the body, the parameters and the kind of a request.
fn body_words(detail: Detail) -> (String, String) {
    match detail {
        Detail::NotUtf8 => said("the body is not UTF-8", "тело запроса не в UTF-8"),
        Detail::BrokeOff => said(
            "the body ended before its time",
            "тело запроса оборвалось раньше времени",
        ),
        Detail::TooLong(bytes) => (
            format!("at most {bytes} bytes are read here"),
            format!("здесь читается не больше {bytes} байт"),
        ),
        Detail::ContentType(kinds) => (
            format!("send Content-Type: {}", kinds.join(" or ")),
            format!("пришлите Content-Type: {}", kinds.join(" или ")),
        ),
        Detail::UnknownParameter(other, known) if known.is_empty() => (
            format!("`{other}` is no parameter here; there are: none"),
            format!("параметра `{other}` здесь нет; здесь нет никаких"),
        ),
        Detail::UnknownParameter(other, known) => (
            format!(
                "`{other}` is no parameter here; there are: {}",
                quoted(&known)
            ),
            format!("параметра `{other}` здесь нет; есть: {}", quoted(&known)),
        ),
        Detail::NotAnObject => said("send a JSON object", "пришлите объект JSON"),
        _ => said(
            "send the site's configuration; its `site` is 1 to 64 of a-z, 0-9, - and _",
            "пришлите настройки сайта; `site` в них: от 1 до 64 знаков a-z, 0-9, - и _",
        ),
    }
}

/// Of who may ask, and how often.
fn access_words(detail: Detail) -> (String, String) {
    match detail {
        Detail::NoKey => said(
            "send Authorization: Bearer and a key",
            "пришлите Authorization: Bearer и ключ",
        ),
        Detail::UnknownKey => said(
            "the token is no key of this site or stock",
            "такого ключа у этого сайта или запаса нет",
        ),
        Detail::DeployerOnly => said(
            "this takes the deployer's token, or the address is of nothing that keys open",
            "нужен токен владельца установки, либо по этому адресу ключи ничего не открывают",
        ),
        Detail::Role(role, access) => {
            let (en, ru) = opened_by(access);
            (
                format!("a key with the role {role} does not open this: it takes {en}"),
                format!("ключ с ролью {role} этого не открывает: нужен {ru}"),
            )
        }
        Detail::NoOrigin => said(
            "the request has no Origin: only the site's own pages may ask",
            "в запросе нет Origin: спрашивать могут только страницы сайта",
        ),
        Detail::ForeignOrigin => said(
            "the page's origin is not in the site's `origins`",
            "адреса страницы нет среди `origins` сайта",
        ),
        Detail::AskAgain(wait) => (
            format!("ask again after {} ms", wait.0),
            format!("повторите через {} мс", wait.0),
        ),
        _ => said(
            "the deployer says which sites share a stock",
            "какие сайты делят запас, решает владелец установки",
        ),
    }
}

/// Whose key opens what this access takes.
const fn opened_by(access: Access) -> (&'static str, &'static str) {
    match access {
        Access::Viewer | Access::StockViewer => {
            ("a viewer's or an admin's", "ключ viewer или admin")
        }
        Access::Admin | Access::StockAdmin => ("an admin's", "ключ admin"),
        _ => ("the deployer's token", "токен владельца установки"),
    }
}

/// Of what was sent before, or changed since.
fn repeat_words(detail: Detail) -> (String, String) {
    match detail {
        Detail::KeyOfOther => said(
            "this Idempotency-Key was sent with another request",
            "этот Idempotency-Key уже приходил с другим запросом",
        ),
        Detail::KeyTooLong(chars) => (
            format!("an Idempotency-Key has at most {chars} characters"),
            format!("в Idempotency-Key не больше {chars} знаков"),
        ),
        Detail::KeyMade(key) => (
            format!("it made the key {key}; a token is told once"),
            format!("запрос создал ключ {key}; токен показывают один раз"),
        ),
        Detail::IfMatchNeeded(etag) => (
            format!("send If-Match: {etag} to replace the version in force"),
            format!("чтобы заменить действующую версию, пришлите If-Match: {etag}"),
        ),
        Detail::OtherVersion(etag) => (
            format!("the version in force is {etag}; read it and try again"),
            format!("действует версия {etag}; прочтите её и повторите"),
        ),
        _ => said(
            "a request with this Idempotency-Key was just done; send it again",
            "запрос с этим Idempotency-Key только что выполнен; пришлите его снова",
        ),
    }
}

fn other_words(detail: Detail) -> (String, String) {
    match detail {
        Detail::ThereAre(names) => (
            format!("there are: {}", names.join(", ")),
            format!("есть: {}", names.join(", ")),
        ),
        Detail::VersionRefused(version) => (
            format!("version {version} is not accepted any more"),
            format!("версия {version} больше не принимается"),
        ),
        Detail::OtherScenario => said(
            "the scenario's `id` is another than the one in the address",
            "`id` сценария не тот, что в адресе",
        ),
        Detail::Dividing(pool) => (
            format!("the pool {pool} is being divided; try again in a moment"),
            format!("пул {pool} сейчас делится; повторите чуть позже"),
        ),
        Detail::ExportChanged => said(
            "the configuration was changed while it was exported; export again",
            "настройки изменились во время выгрузки; выгрузите снова",
        ),
        Detail::ReplayDays => said(
            "`from` and `to` must be days as 2026-01-31, 366 at most",
            "`from` и `to`: дни вида 2026-01-31, не больше 366",
        ),
        Detail::PlanChanged => said(
            "what would change has changed since: look at it again",
            "то, что изменится, с тех пор стало другим: посмотрите снова",
        ),
        Detail::TooManyCalls(most) => (
            format!("more than {most} calls: choose a shorter period"),
            format!("звонков больше {most}: выберите период короче"),
        ),
        Detail::Importing => said(
            "it is being imported; finish that, or drop it with DELETE",
            "сайт загружается; закончите загрузку или отмените её через DELETE",
        ),
        Detail::NoCandidate => said(
            "`visit` must be that of one of the call's candidates",
            "`visit`: визит одного из кандидатов звонка",
        ),
        Detail::CallWithoutNumber => said("the call names no number", "в звонке не назван номер"),
        Detail::VisitForgotten => said(
            "nothing is kept of that visit any more",
            "об этом визите больше ничего не хранится",
        ),
        Detail::WhoseCall => said(
            "give exactly one of `visit`, `source` and `nobody`",
            "укажите ровно одно: `visit`, `source` или `nobody`",
        ),
        Detail::Reason(chars) => (
            format!("`reason` must say why, in at most {chars} characters"),
            format!("`reason`: почему, не больше {chars} знаков"),
        ),
        Detail::SourceOrBy(chars) => (
            format!("`source` and `by` have 1 to {chars} characters"),
            format!("`source` и `by`: от 1 до {chars} знаков"),
        ),
        Detail::NoSiteId(text) => (
            format!("`{text}` is no site's id"),
            format!("`{text}` не id сайта"),
        ),
        _ => said("`country_code` is none", "`country_code` не код страны"),
    }
}

fn wanted_words(wanted: Wanted) -> (String, String) {
    match wanted {
        Wanted::Cursor => said(
            "the `next` of the page before",
            "нужно `next` предыдущей страницы",
        ),
        Wanted::ExportPlace => said("a place of an export", "нужно место выгрузки"),
        Wanted::UpTo(most) => (
            format!("a number from 1 to {most}"),
            format!("нужно число от 1 до {most}"),
        ),
        Wanted::OneOf(names) => (
            format!("one of: {}", names.join(", ")),
            format!("нужно одно из: {}", names.join(", ")),
        ),
        Wanted::Instant => said("Unix milliseconds", "нужны миллисекунды Unix"),
        Wanted::Version => said("a version", "нужна версия"),
        Wanted::Days => said(
            "days as 2026-01-31 in a known `time_zone`, 366 at most",
            "нужны дни вида 2026-01-31 в известном `time_zone`, не больше 366",
        ),
        Wanted::WithTo => said("given together with `to`", "нужно вместе с `to`"),
        Wanted::PeriodOfCalls(most, before) => period_words(most, before, "calls", "звонков"),
        Wanted::PeriodOfVisits(most, before) => period_words(most, before, "visits", "визитов"),
        Wanted::Number => said(
            "a telephone number: digits with the country code, or as it is written there",
            "нужен номер телефона: цифры с кодом страны или как его там пишут",
        ),
        Wanted::Part => said("0, 1, 2 …", "нужно 0, 1, 2 …"),
        Wanted::LastPart => said("1 with the last part", "нужно 1 с последней частью"),
        Wanted::Upload => said(
            "the name of the import that the part is of",
            "нужно имя загрузки, к которой относится часть",
        ),
        Wanted::Chars(most) => (
            format!("1 to {most} characters"),
            format!("нужно от 1 до {most} знаков"),
        ),
    }
}

fn period_words(most: usize, before: bool, en: &str, ru: &str) -> (String, String) {
    let (en_before, ru_before) = match before {
        true => (", the one before too", ", как и предыдущий"),
        false => ("", ""),
    };
    (
        format!("a period of at most {most} {en}{en_before}"),
        format!("нужен период, где не больше {most} {ru}{ru_before}"),
    )
}

fn import_words(import: ImportDetail) -> (String, String) {
    match import {
        ImportDetail::NoExport => said(
            "the first line must say that this is an export",
            "первая строка должна говорить, что это выгрузка",
        ),
        ImportDetail::OtherExport => said(
            "this is no export of this site that this version reads",
            "это не выгрузка этого сайта, которую читает эта версия",
        ),
        ImportDetail::AfterTheLast => said(
            "there are lines after the last one",
            "после последней строки есть ещё строки",
        ),
        ImportDetail::NoCount => said(
            "the last line tells no count",
            "в последней строке нет числа строк",
        ),
        ImportDetail::NoLast => said(
            "the last line is missing: the export broke off",
            "последней строки нет: выгрузка оборвалась",
        ),
        ImportDetail::LinesMissing(written, came) => (
            format!("{written} lines were written, {came} came"),
            format!("записано строк {written}, пришло {came}"),
        ),
        ImportDetail::NoFirstPart => said(
            "the first part is not here; begin anew",
            "первой части нет; начните заново",
        ),
        ImportDetail::AfterPart(part) => (
            format!("part {part} is the last that is here"),
            format!("последняя пришедшая часть: {part}"),
        ),
        ImportDetail::Nothing => said(
            "there is nothing of this import",
            "от этой загрузки ничего нет",
        ),
        ImportDetail::LongLine => said(
            "a line is longer than any line of an export",
            "строка длиннее любой строки выгрузки",
        ),
        ImportDetail::NoPool(pool) => (
            format!("a line is of no pool: {pool:?}"),
            format!("строка не относится ни к одному пулу: {pool:?}"),
        ),
        ImportDetail::PoolRefuses(pool, why) => (
            format!("the pool {pool} did not take a line: {why}"),
            format!("пул {pool} не принял строку: {why}"),
        ),
        ImportDetail::PoolUnknown(pool) => (
            format!("the pool {pool} never had a number"),
            format!("у пула {pool} никогда не было номеров"),
        ),
        ImportDetail::PoolBroken(pool, why) => (
            format!("the pool {pool} cannot be built: {why}"),
            format!("пул {pool} не собирается: {why}"),
        ),
        ImportDetail::LineBroken(why) => (
            format!("a line cannot be put back: {why}"),
            format!("строка не восстанавливается: {why}"),
        ),
        ImportDetail::NoConfiguration => said("there is no configuration", "настроек нет"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, as far as the words differ.
    fn every() -> Vec<Detail> {
        let parameters = [
            Wanted::Cursor,
            Wanted::ExportPlace,
            Wanted::UpTo(200),
            Wanted::OneOf(vec!["json", "csv"]),
            Wanted::Instant,
            Wanted::Version,
            Wanted::Days,
            Wanted::WithTo,
            Wanted::PeriodOfCalls(5, true),
            Wanted::PeriodOfVisits(5, false),
            Wanted::Number,
            Wanted::Part,
            Wanted::LastPart,
            Wanted::Upload,
            Wanted::Chars(64),
        ];
        let imports = [
            ImportDetail::NoExport,
            ImportDetail::OtherExport,
            ImportDetail::AfterTheLast,
            ImportDetail::NoCount,
            ImportDetail::NoLast,
            ImportDetail::LinesMissing(7, 5),
            ImportDetail::NoFirstPart,
            ImportDetail::AfterPart(2),
            ImportDetail::Nothing,
            ImportDetail::LongLine,
            ImportDetail::NoPool("x".to_owned()),
            ImportDetail::PoolRefuses("main".to_owned(), "1".to_owned()),
            ImportDetail::PoolUnknown("main".to_owned()),
            ImportDetail::PoolBroken("main".to_owned(), "1".to_owned()),
            ImportDetail::LineBroken("1".to_owned()),
            ImportDetail::NoConfiguration,
        ];
        let accesses = [Access::Viewer, Access::Admin, Access::Deployer];
        let mut all = vec![
            Detail::Event(Text::of("1", "1")),
            Detail::NotUtf8,
            Detail::BrokeOff,
            Detail::TooLong(9),
            Detail::ContentType(vec!["a/b", "c/d"]),
            Detail::UnknownParameter("x".to_owned(), Vec::new()),
            Detail::UnknownParameter("x".to_owned(), vec!["limit", "cursor"]),
            Detail::NoKey,
            Detail::UnknownKey,
            Detail::DeployerOnly,
            Detail::NoOrigin,
            Detail::ForeignOrigin,
            Detail::AskAgain(Millis(50)),
            Detail::ThereAre(vec!["a", "b"]),
            Detail::SiteUnnamed,
            Detail::KeyOfOther,
            Detail::KeyJustDone,
            Detail::KeyTooLong(200),
            Detail::KeyMade("k".to_owned()),
            Detail::IfMatchNeeded("\"1\"".to_owned()),
            Detail::OtherVersion("\"1\"".to_owned()),
            Detail::VersionRefused(1),
            Detail::NotAnObject,
            Detail::OtherScenario,
            Detail::Dividing("main".to_owned()),
            Detail::ExportChanged,
            Detail::ReplayDays,
            Detail::PlanChanged,
            Detail::TooManyCalls(9),
            Detail::Importing,
            Detail::NoCandidate,
            Detail::CallWithoutNumber,
            Detail::VisitForgotten,
            Detail::WhoseCall,
            Detail::Reason(9),
            Detail::SourceOrBy(9),
            Detail::DeployerShares,
            Detail::CountryCode,
            Detail::NoSiteId("Я".to_owned()),
        ];
        all.extend(accesses.map(|access| Detail::Role("viewer", access)));
        all.extend(parameters.map(|wanted| Detail::Parameter("p", wanted)));
        all.extend(imports.map(Detail::Import));
        all
    }

    #[test]
    fn each_has_words_of_its_own_in_both_languages() {
        let is_cyrillic = |c: char| ('а'..='я').contains(&c.to_lowercase().next().unwrap_or(c));
        let mut seen = std::collections::BTreeSet::new();
        for detail in every() {
            let Text { en, ru } = detail.clone().into();
            assert!(
                !en.is_empty() && !en.replace('Я', "").chars().any(is_cyrillic),
                "{en}"
            );
            assert!(
                ru.replace('Я', "").chars().any(is_cyrillic),
                "{detail:?}: {ru}"
            );
            assert!(seen.insert(en.clone()), "said of two things: {en}");
            assert!(seen.insert(ru.clone()), "said of two things: {ru}");
        }
    }
}
