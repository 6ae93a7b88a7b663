//! Times as exchanges write them.

use crate::time::UnixMillis;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Years 2000 to 2100 in milliseconds: a figure outside is no instant of a call.
const SANE_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

fn sane(milliseconds: i64) -> Option<UnixMillis> {
    SANE_MS
        .contains(&milliseconds)
        .then(|| UnixMillis(milliseconds.unsigned_abs()))
}

/// Unix seconds, milliseconds or microseconds (told apart by size), with or without a fraction.
pub(crate) fn unix(text: &str) -> Option<UnixMillis> {
    let whole = text.split('.').next()?;
    if whole.is_empty() || whole.len() > 17 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i64 = whole.parse().ok()?;
    sane(match whole.len() {
        0..=10 => value.checked_mul(1000)?,
        11..=13 => value,
        _ => value / 1000,
    })
}

/// RFC 3339 (`2026-01-15T10:00:00Z`, with any offset).
pub(crate) fn rfc3339(text: &str) -> Option<UnixMillis> {
    let timestamp: Timestamp = text.trim().parse().ok()?;
    sane(timestamp.as_millisecond())
}

/// RFC 2822 (`Thu, 15 Jan 2026 10:00:00 +0000`).
pub(crate) fn rfc2822(text: &str) -> Option<UnixMillis> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    sane(zoned.timestamp().as_millisecond())
}

/// Wall-clock text without a zone (`2026-01-15 10:00:00`, with `T`, dots or a fraction), read in
/// `zone`, an IANA name. An hour that happens twice is read as its first time; one that is skipped,
/// as the instant an hour on. An unknown zone is read as UTC.
pub(crate) fn local(text: &str, zone: &str) -> Option<UnixMillis> {
    let text = text.trim().replacen(' ', "T", 1);
    let date_time: DateTime = text.parse().ok()?;
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let timestamp = zone.to_ambiguous_timestamp(date_time).compatible().ok()?;
    sane(timestamp.as_millisecond())
}

/// `20260115T100000Z`, MegaFon's form.
pub(crate) fn compact_utc(text: &str) -> Option<UnixMillis> {
    let text = text.trim().strip_suffix('Z')?;
    let date_time: DateTime = text.parse().ok()?;
    let timestamp = date_time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    sane(timestamp.as_millisecond())
}

/// Any of the forms above; wall-clock text is read in `zone`.
pub(crate) fn read(text: &str, zone: &str) -> Option<UnixMillis> {
    unix(text)
        .or_else(|| rfc3339(text))
        .or_else(|| compact_utc(text))
        .or_else(|| local(text, zone))
        .or_else(|| rfc2822(text))
}

/// Seconds of a duration: `75`, `75.4`, `1:15`, `00:01:15`.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    let text = text.trim();
    if text.contains(':') {
        let mut total = 0u32;
        for part in text.split(':') {
            total = total.checked_mul(60)?.checked_add(digits(part)?)?;
        }
        return Some(total);
    }
    digits(text.split('.').next()?)
}

fn digits(text: &str) -> Option<u32> {
    let legal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    legal.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-01-15 10:00:00 UTC.
    const TEN: u64 = 1_768_471_200_000;

    #[test]
    fn one_instant_in_many_forms() {
        for text in [
            "1768471200",
            "1768471200.5",
            "1768471200000",
            "1768471200000000",
            "2026-01-15T10:00:00Z",
            "2026-01-15T13:00:00+03:00",
            "20260115T100000Z",
            "2026-01-15 13:00:00",
            "2026-01-15T13:00:00.000",
            "Thu, 15 Jan 2026 10:00:00 +0000",
        ] {
            assert_eq!(read(text, "Europe/Moscow"), Some(UnixMillis(TEN)), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant() {
        for text in [
            "",
            "0",
            "now",
            "2026-13-01 00:00:00",
            "99999999999999999999",
            "1969-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text, "Europe/Moscow"), None, "{text}");
        }
    }

    #[test]
    fn hours_that_happen_twice_or_never() {
        let berlin = |text| local(text, "Europe/Berlin").map(|at| at.0 / 1000);
        assert_eq!(berlin("2026-10-25 02:30:00"), Some(1_792_888_200));
        assert_eq!(berlin("2026-03-29 02:30:00"), Some(1_774_747_800));
        assert_eq!(
            local("2026-01-15 10:00:00", "No/Where"),
            Some(UnixMillis(TEN))
        );
    }

    #[test]
    fn durations() {
        assert_eq!(seconds("75"), Some(75));
        assert_eq!(seconds("75.9"), Some(75));
        assert_eq!(seconds("00:01:15"), Some(75));
        assert_eq!(seconds("1:15"), Some(75));
        for text in ["", "-1", "1:", "x", "99999999999", "99999999:00:00:00"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "\\PC{0,40}", zone in "[A-Za-z/]{0,20}") {
            let _ = read(&text, &zone);
            let _ = seconds(&text);
        }
    }
}
