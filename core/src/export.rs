//! Files ready to upload: calls for Yandex.Metrica, click conversions for Google Ads.
//!
//! These files are for machines: exact columns, no protection against spreadsheet formulas (Metrica
//! wants `+7…`). What cannot be uploaded is left out and counted by reason, never dropped silently.
//!
//! What is not here: the upload, and consent, which the shell judges before it hands a call in.
//!
//! Sources: yandex.ru/dev/metrika (`offline_conversions/upload_calls`),
//! support.google.com/google-ads/answer/7014069.

use crate::id::CallId;
use crate::phone::E164;
use crate::report::Period;
use crate::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};

/// 24 hours: a call may be corrected or reported late; files cannot take back what they said.
pub const SETTLING: Millis = Millis::from_mins(24 * 60);

/// One inbound call, as exports need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportCall {
    /// The call.
    pub id: CallId,
    /// When it began to ring.
    pub started_at: UnixMillis,
    /// Still ringing or talking.
    pub is_live: bool,
    /// Credited by a static number: a source, no visitor.
    pub is_static: bool,
    /// Answered and long enough.
    pub is_target: bool,
    /// Nobody took it.
    pub is_missed: bool,
    /// The caller's first call ever.
    pub is_first_call: bool,
    /// Seconds of conversation.
    pub talk_s: Option<u32>,
    /// Seconds until the answer.
    pub wait_s: Option<u32>,
    /// The caller, if the site keeps him in full.
    pub caller: Option<E164>,
    /// Page of the visit the call came from.
    pub page_url: Option<String>,
    /// The site's own mark.
    pub tag: Option<String>,
    /// What the call is worth, in whole and hundredths of the currency.
    pub value_hundredths: Option<u64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Ids read on the page.
    pub ids: ExportIds,
}

/// Ids of the visitor and his click, as other systems know them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportIds {
    /// Yandex.Metrica's ClientID.
    pub ym_client_id: Option<String>,
    /// The owner's own id of the visitor.
    pub user_id: Option<String>,
    /// Yandex Direct's click.
    pub yclid: Option<String>,
    /// Google's click.
    pub gclid: Option<String>,
}

/// The id that ties a call to a visit of Metrica; a file holds one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricaId {
    /// `ClientId`.
    ClientId,
    /// `UserId`.
    UserId,
    /// `Yclid`.
    Yclid,
}

/// Which calls to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportRule {
    /// Target calls only.
    pub targets_only: bool,
    /// The instant of the export: calls begun less than [`SETTLING`] before it wait for the next
    /// one.
    pub now: UnixMillis,
}

/// A file, and what is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFile {
    /// The file, UTF-8.
    pub csv: Vec<u8>,
    /// Calls in it.
    pub calls: usize,
    /// Calls left out, by reason.
    pub left_out: LeftOut,
}

/// Calls that a file does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Without an id of the file's kind: the other system could not tell whose they are.
    pub without_id: usize,
    /// Not target calls.
    pub not_target: usize,
    /// Not over, or too young to be settled.
    pub not_settled: usize,
}

/// Columns of the file for Metrica after the id.
pub const METRICA_COLUMNS: [&str; 12] = [
    "DateTime",
    "StaticCall",
    "Price",
    "Currency",
    "PhoneNumber",
    "TalkDuration",
    "HoldDuration",
    "CallMissed",
    "Tag",
    "FirstTimeCaller",
    "URL",
    "CallTrackerURL",
];

/// Columns of the file for Google Ads.
pub const GOOGLE_COLUMNS: [&str; 5] = [
    "Google Click ID",
    "Conversion Name",
    "Conversion Time",
    "Conversion Value",
    "Conversion Currency",
];

impl MetricaId {
    /// The name of its column.
    pub const fn column(self) -> &'static str {
        match self {
            Self::ClientId => "ClientId",
            Self::UserId => "UserId",
            Self::Yclid => "Yclid",
        }
    }

    /// What [`Self::parse`] reads.
    pub const NAMES: [&str; 3] = ["client_id", "user_id", "yclid"];

    /// Reads `client_id`, `user_id` or `yclid`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "client_id" => Some(Self::ClientId),
            "user_id" => Some(Self::UserId),
            "yclid" => Some(Self::Yclid),
            _ => None,
        }
    }

    fn of(self, ids: &ExportIds) -> Option<&str> {
        let id = match self {
            Self::ClientId => &ids.ym_client_id,
            Self::UserId => &ids.user_id,
            Self::Yclid => &ids.yclid,
        };
        id.as_deref().filter(|id| is_id(id))
    }
}

/// The file for Metrica's `upload_calls`, of calls with an id of `kind`. `call_url` makes the
/// address of a call in the tracker, or nothing.
pub fn metrica_csv<'a>(
    calls: impl Iterator<Item = &'a ExportCall>,
    kind: MetricaId,
    rule: ExportRule,
    call_url: impl Fn(CallId) -> Option<String>,
) -> ExportFile {
    let mut header = vec![kind.column().to_owned()];
    header.extend(METRICA_COLUMNS.map(str::to_owned));
    let mut rows = vec![header];
    let left_out = take(calls, rule, |call| {
        let id = kind.of(&call.ids)?;
        let mut row = vec![id.to_owned()];
        row.extend(metrica_cells(call, call_url(call.id)));
        rows.push(row);
        Some(())
    });
    file(rows, 1, left_out)
}

fn metrica_cells(call: &ExportCall, call_url: Option<String>) -> [String; 12] {
    let flag = |is: bool| u8::from(is).to_string();
    let seconds = |value: Option<u32>| value.map_or_else(String::new, |s| s.to_string());
    [
        (call.started_at.0 / 1000).to_string(),
        flag(call.is_static),
        call.value_hundredths.map_or_else(String::new, money),
        priced(call).unwrap_or_default(),
        call.caller
            .map_or_else(String::new, |number| format!("+{number}")),
        seconds(call.talk_s),
        seconds(call.wait_s),
        flag(call.is_missed),
        call.tag.clone().unwrap_or_default(),
        flag(call.is_first_call),
        call.page_url.clone().unwrap_or_default(),
        call_url.unwrap_or_default(),
    ]
}

/// The file for Google Ads' import of click conversions, of calls with a `gclid`; times in
/// `period`'s zone.
pub fn google_csv<'a>(
    calls: impl Iterator<Item = &'a ExportCall>,
    conversion_name: &str,
    period: &Period,
    rule: ExportRule,
) -> ExportFile {
    let mut rows = vec![
        vec![format!("Parameters:TimeZone={}", period.zone_name())],
        GOOGLE_COLUMNS.map(str::to_owned).to_vec(),
    ];
    let left_out = take(calls, rule, |call| {
        let gclid = call.ids.gclid.as_deref().filter(|id| is_id(id))?;
        rows.push(vec![
            gclid.to_owned(),
            conversion_name.to_owned(),
            period.with_space(call.started_at),
            call.value_hundredths.map_or_else(String::new, money),
            priced(call).unwrap_or_default(),
        ]);
        Some(())
    });
    file(rows, 2, left_out)
}

/// Hands every call that `rule` takes to `write`, which returns nothing for one without an id.
fn take<'a>(
    calls: impl Iterator<Item = &'a ExportCall>,
    rule: ExportRule,
    mut write: impl FnMut(&ExportCall) -> Option<()>,
) -> LeftOut {
    let mut left_out = LeftOut::default();
    for call in calls {
        if call.is_live || call.started_at + SETTLING > rule.now {
            left_out.not_settled += 1;
        } else if rule.targets_only && !call.is_target {
            left_out.not_target += 1;
        } else if write(call).is_none() {
            left_out.without_id += 1;
        }
    }
    left_out
}

fn file(rows: Vec<Vec<String>>, header_rows: usize, left_out: LeftOut) -> ExportFile {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(vec![]);
    let calls = rows.len() - header_rows;
    for row in rows {
        writer.write_record(&row).expect("memory takes every byte");
    }
    ExportFile {
        csv: writer.into_inner().expect("memory takes every byte"),
        calls,
        left_out,
    }
}

/// Ids come from the page, so from anybody: the alphabet of all three systems' ids, and no more.
fn is_id(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= 500 && text.bytes().all(legal)
}

/// A currency means something only beside a value.
fn priced(call: &ExportCall) -> Option<String> {
    call.value_hundredths.and(call.currency.clone())
}

fn money(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    /// 2026-01-15 10:00:00 UTC.
    const TEN: UnixMillis = UnixMillis(1_768_471_200_000);

    fn call(ids: ExportIds) -> ExportCall {
        ExportCall {
            id: CallId(7),
            started_at: TEN,
            is_live: false,
            is_static: false,
            is_target: true,
            is_missed: false,
            is_first_call: true,
            talk_s: Some(60),
            wait_s: Some(12),
            caller: E164::parse("79001112233").ok(),
            page_url: Some("https://shop.example/?a=1,2".to_owned()),
            tag: Some("say \"hi\"".to_owned()),
            value_hundredths: Some(150_050),
            currency: Some("RUB".to_owned()),
            ids,
        }
    }

    fn ids(ym_client_id: &str, yclid: &str, gclid: &str) -> ExportIds {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ExportIds {
            ym_client_id: some(ym_client_id),
            user_id: None,
            yclid: some(yclid),
            gclid: some(gclid),
        }
    }

    fn rule() -> ExportRule {
        ExportRule {
            targets_only: false,
            now: TEN + Millis(2 * SETTLING.0),
        }
    }

    /// Reads with another library than the one that writes.
    fn read(csv: &[u8]) -> Vec<Vec<String>> {
        let mut reader = simd_csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(csv);
        let cells = |record: simd_csv::ByteRecord| {
            record
                .iter()
                .map(|cell| String::from_utf8(cell.to_vec()).expect("text"))
                .collect()
        };
        reader
            .byte_records()
            .map(|record| cells(record.expect("a record")))
            .collect()
    }

    #[test]
    fn metrica() {
        let calls = [
            call(ids("1700000000123456789", "", "")),
            call(ids("", "15000", "")),
            call(ids("", "", "")),
            call(ids("=1+1", "", "")),
        ];
        let url = |id: CallId| Some(format!("https://edge.example/calls/{id}"));
        let file = metrica_csv(calls.iter(), MetricaId::ClientId, rule(), url);
        expect![[r#"
            ClientId,DateTime,StaticCall,Price,Currency,PhoneNumber,TalkDuration,HoldDuration,CallMissed,Tag,FirstTimeCaller,URL,CallTrackerURL
            1700000000123456789,1768471200,0,1500.50,RUB,+79001112233,60,12,0,"say ""hi""",1,"https://shop.example/?a=1,2",https://edge.example/calls/00000000000000000000000007
        "#]]
        .assert_eq(&String::from_utf8(file.csv.clone()).expect("text").replace("\r\n", "\n"));
        let records = read(&file.csv);
        assert_eq!(records[0][0], "ClientId");
        assert_eq!(records[0][1..], METRICA_COLUMNS);
        assert_eq!(records[1][9], "say \"hi\"");
        assert_eq!(records[1][11], "https://shop.example/?a=1,2");
        assert_eq!((file.calls, file.left_out.without_id), (1, 3));
        let yclid = metrica_csv(calls.iter(), MetricaId::Yclid, rule(), |_| None);
        let records = read(&yclid.csv);
        assert_eq!(
            (records[0][0].as_str(), records[1][0].as_str()),
            ("Yclid", "15000")
        );
        assert_eq!((yclid.calls, records[1][12].as_str()), (1, ""));
    }

    #[test]
    fn google() {
        let period = Period::parse("2026-01-15", "2026-01-15", "Europe/Moscow").expect("a period");
        let mut free = call(ids("", "", "Cj0K-CQ_1.x"));
        free.value_hundredths = None;
        let calls = [call(ids("", "", "Cj0KCQ")), free, call(ids("17", "15", ""))];
        let file = google_csv(calls.iter(), "Call, from the site", &period, rule());
        expect![[r#"
            Parameters:TimeZone=Europe/Moscow
            Google Click ID,Conversion Name,Conversion Time,Conversion Value,Conversion Currency
            Cj0KCQ,"Call, from the site",2026-01-15 13:00:00+03:00,1500.50,RUB
            Cj0K-CQ_1.x,"Call, from the site",2026-01-15 13:00:00+03:00,,
        "#]]
        .assert_eq(
            &String::from_utf8(file.csv.clone())
                .expect("text")
                .replace("\r\n", "\n"),
        );
        let records = read(&file.csv);
        assert_eq!(records[0], ["Parameters:TimeZone=Europe/Moscow"]);
        assert_eq!(records[1], GOOGLE_COLUMNS);
        assert_eq!(records[2][1], "Call, from the site");
        assert_eq!((records.len(), file.calls), (4, 2));
        assert_eq!(file.left_out.without_id, 1);
    }

    #[test]
    fn calls_that_wait_and_calls_that_do_not_count() {
        let young = rule().now;
        let mut calls = vec![call(ids("17", "", "")); 4];
        calls[0].started_at = young;
        calls[1].is_live = true;
        calls[2].is_target = false;
        let strict = ExportRule {
            targets_only: true,
            ..rule()
        };
        let file = metrica_csv(calls.iter(), MetricaId::ClientId, strict, |_| None);
        assert_eq!(file.calls, 1);
        let expected = LeftOut {
            without_id: 0,
            not_target: 1,
            not_settled: 2,
        };
        assert_eq!(file.left_out, expected);
    }
}
