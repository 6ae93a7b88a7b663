//! Periods of a report: whole days of one time zone.

use crate::time::UnixMillis;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// 366 days: a year, so that a year can be compared with the year before.
pub const PERIOD_DAYS_MAX: i32 = 366;

/// Whole days, first and last included, of one time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    from: Date,
    to: Date,
    zone: TimeZone,
}

/// A period as reports tell it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PeriodTold {
    /// First day.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// IANA name of the zone.
    pub time_zone: String,
    /// The first instant.
    pub start: UnixMillis,
    /// The first instant after it.
    pub end: UnixMillis,
}

/// Why there is no such period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeriodError {
    /// A day is not written `2026-01-31`, or there is no such day.
    NotADay,
    /// It ends before it begins.
    Reversed,
    /// It is longer than [`PERIOD_DAYS_MAX`].
    TooLong,
    /// There is no time zone of this name.
    UnknownZone,
}

impl Period {
    /// From `from` to `to` (`2026-01-31`), both included, of the zone with this IANA name.
    ///
    /// # Errors
    /// Says what is wrong with which.
    pub fn parse(from: &str, to: &str, zone: &str) -> Result<Self, PeriodError> {
        let day = |text: &str| text.parse::<Date>().map_err(|_| PeriodError::NotADay);
        let (from, to) = (day(from)?, day(to)?);
        let zone = TimeZone::get(zone).map_err(|_| PeriodError::UnknownZone)?;
        let period = Self { from, to, zone };
        if from > to {
            return Err(PeriodError::Reversed);
        }
        if period.days() > PERIOD_DAYS_MAX {
            return Err(PeriodError::TooLong);
        }
        Ok(period)
    }

    /// The `days` that end with the day of `now`.
    ///
    /// # Errors
    /// If there is no such zone.
    pub fn last_days(days: u16, now: UnixMillis, zone: &str) -> Result<Self, PeriodError> {
        let zone = TimeZone::get(zone).map_err(|_| PeriodError::UnknownZone)?;
        let milliseconds = i64::try_from(now.0).unwrap_or(i64::MAX);
        let timestamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
        let to = timestamp.to_zoned(zone.clone()).date();
        let from = to.saturating_sub(i64::from(days.max(1) - 1).days());
        Ok(Self { from, to, zone })
    }

    /// How many days.
    pub fn days(&self) -> i32 {
        (self.to - self.from).get_days() + 1
    }

    /// Its first instant: midnight, or where a change of clocks skips it, what comes next.
    pub fn start(&self) -> UnixMillis {
        self.midnight(self.from)
    }

    /// The first instant after it.
    pub fn end(&self) -> UnixMillis {
        let next = self.to.tomorrow().unwrap_or(self.to);
        self.midnight(next)
    }

    /// Whether `at` is in it.
    pub fn contains(&self, at: UnixMillis) -> bool {
        self.start() <= at && at < self.end()
    }

    /// As many days, just before it.
    pub fn before(&self) -> Self {
        let days = self.days().days();
        Self {
            from: self.from.saturating_sub(days),
            to: self.to.saturating_sub(days),
            zone: self.zone.clone(),
        }
    }

    /// The hour of the day, 0 to 23, as the clocks of the zone show it.
    pub fn hour(&self, at: UnixMillis) -> u8 {
        self.zoned(at).hour().unsigned_abs()
    }

    /// `2026-01-31T12:00:00+03:00`.
    pub fn rfc3339(&self, at: UnixMillis) -> String {
        self.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// `2026-01-31 12:00:00+03:00`, as Google writes times.
    pub(crate) fn with_space(&self, at: UnixMillis) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
    }

    /// The period as reports tell it.
    pub fn told(&self) -> PeriodTold {
        PeriodTold {
            from: self.from.to_string(),
            to: self.to.to_string(),
            time_zone: self.zone_name().to_owned(),
            start: self.start(),
            end: self.end(),
        }
    }

    /// The zone's IANA name.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    fn zoned(&self, at: UnixMillis) -> jiff::Zoned {
        let milliseconds = i64::try_from(at.0).unwrap_or(i64::MAX);
        let timestamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
        timestamp.to_zoned(self.zone.clone())
    }

    fn midnight(&self, day: Date) -> UnixMillis {
        let zoned = day.to_zoned(self.zone.clone());
        let milliseconds = zoned.map_or(0, |zoned| zoned.timestamp().as_millisecond());
        UnixMillis(u64::try_from(milliseconds).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moscow(from: &str, to: &str) -> Result<Period, PeriodError> {
        Period::parse(from, to, "Europe/Moscow")
    }

    #[test]
    fn days_of_a_zone() {
        let period = moscow("2026-01-15", "2026-01-16").expect("a period");
        assert_eq!(period.start(), UnixMillis(1_768_424_400_000));
        assert_eq!(period.end().0 - period.start().0, 2 * 86_400_000);
        assert!(period.contains(period.start()));
        assert!(!period.contains(period.end()));
        assert_eq!(period.hour(UnixMillis(1_768_471_200_000)), 13);
        assert_eq!(period.rfc3339(period.start()), "2026-01-15T00:00:00+03:00");
        let before = period.before();
        assert_eq!(before.end(), period.start());
        assert_eq!(before.days(), 2);
    }

    #[test]
    fn days_on_which_clocks_change() {
        let spring = Period::parse("2026-03-29", "2026-03-29", "Europe/Berlin").expect("a period");
        assert_eq!(spring.end().0 - spring.start().0, 23 * 3_600_000);
        let autumn = Period::parse("2026-10-25", "2026-10-25", "Europe/Berlin").expect("a period");
        assert_eq!(autumn.end().0 - autumn.start().0, 25 * 3_600_000);
    }

    #[test]
    fn the_last_days_end_today() {
        let late = UnixMillis(moscow("2026-01-16", "2026-01-16").expect("a day").end().0 - 1);
        let week = Period::last_days(7, late, "Europe/Moscow");
        assert_eq!(week, moscow("2026-01-10", "2026-01-16"));
        assert_eq!(
            Period::last_days(1, late, "Nowhere"),
            Err(PeriodError::UnknownZone)
        );
    }

    #[test]
    fn what_is_no_period() {
        assert_eq!(
            moscow("2026-01-15", "2026-01-14"),
            Err(PeriodError::Reversed)
        );
        assert_eq!(
            moscow("2026-02-30", "2026-03-01"),
            Err(PeriodError::NotADay)
        );
        assert_eq!(moscow("yesterday", "2026-03-01"), Err(PeriodError::NotADay));
        assert_eq!(
            moscow("2025-01-01", "2026-01-02"),
            Err(PeriodError::TooLong)
        );
        assert!(moscow("2025-01-01", "2026-01-01").is_ok());
        let nowhere = Period::parse("2026-01-01", "2026-01-01", "Mars/Base");
        assert_eq!(nowhere, Err(PeriodError::UnknownZone));
    }
}
