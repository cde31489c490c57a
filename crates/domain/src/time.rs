//! Instants and dates, in UTC, and the port through which the program learns what time it is.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the Unix epoch.
    ///
    /// Values outside the years 1 to 9999 are moved to the nearest end, so that every instant can be written down.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(MIN_MICROS, MAX_MICROS))
    }

    /// From whole seconds since the Unix epoch (a JWT's `NumericDate`).
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `span` later.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_add(span.0))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_sub(span.0))
    }

    /// The time that has passed since `earlier`; negative if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Reads a date and time in any of the forms of ISO 8601 that third parties send in a query: extended or basic, with or
    /// without a fraction. A time zone is ignored, as UK Open Banking v4.0 says of query parameters; a date alone is its midnight.
    #[must_use]
    pub fn from_iso_8601(text: &str) -> Option<Self> {
        let (date, time, zone) = split_iso_8601(text)?;
        // A plus sign that was not escaped arrives as a space.
        let zone_digits = zone.trim_start_matches(['Z', 'z', '+', '-', ' ']).replace(':', "");
        if !zone_digits.bytes().all(|b| b.is_ascii_digit()) || zone_digits.len() > 4 {
            return None;
        }
        Some(date.start().plus(time_of_day(time)?))
    }

    /// Reads a date and time in the forms of [`Instant::from_iso_8601`] as they stand in a body, where the time zone counts; without
    /// one it is UTC. A date alone is refused: nobody could say whether its beginning or its end is meant.
    #[must_use]
    pub fn from_zoned_iso_8601(text: &str) -> Option<Self> {
        let (date, time, zone) = split_iso_8601(text)?;
        if time.is_empty() {
            return None;
        }
        Some(date.start().plus(time_of_day(time)?).minus(zone_offset(zone)?))
    }

    /// The day on which the moment falls, in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        Date(self.timestamp().to_zoned(TimeZone::UTC).date())
    }

    /// RFC 3339 in UTC, such as `2026-11-21T09:30:00Z`, with a fraction only where there is one.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// A length of time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// So many microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds.saturating_mul(1_000))
    }

    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(hours: i64) -> Self {
        Self::minutes(hours.saturating_mul(60))
    }

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self::hours(days.saturating_mul(24))
    }

    /// Microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn whole_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// A day by its numbers, if there is such a day in the years 1 to 9999.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().filter(|date| date.year() >= 1).map(Self)
    }

    /// Midnight, UTC, at which the day begins; of the last day of all, the last instant that can be written.
    #[must_use]
    pub fn start(self) -> Instant {
        self.0
            .to_zoned(TimeZone::UTC)
            .map_or(Instant(MAX_MICROS), |zoned| Instant::from_micros(zoned.timestamp().as_microsecond()))
    }

    /// The day so many days later (or earlier, if negative); the first or last day there is at the ends of time.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(jiff::Span::new().days(days)))
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The day of the week, Monday 1 to Sunday 7.
    #[must_use]
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }
}

impl FromStr for Date {
    type Err = BadDate;

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(i, b)| match i {
                4 | 7 => *b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shaped {
            return Err(BadDate);
        }
        let date: civil::Date = text.parse().map_err(|_| BadDate)?;
        if date.year() < 1 {
            return Err(BadDate);
        }
        Ok(Self(date))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not a day in the form `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date in the form YYYY-MM-DD")]
pub struct BadDate;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Instant;
}

/// The date, the text of the time, and the text of the zone.
fn split_iso_8601(text: &str) -> Option<(Date, &str, &str)> {
    if text.len() > 40 || !text.is_ascii() {
        return None;
    }
    let (date, time) = text.split_once(['T', 't']).unwrap_or((text, ""));
    let date = match date.len() {
        10 => date.parse().ok()?,
        8 => format!("{}-{}-{}", date.get(..4)?, date.get(4..6)?, date.get(6..)?).parse::<Date>().ok()?,
        _ => return None,
    };
    let (time, zone) = time.split_at(time.find(['Z', 'z', '+', '-', ' ']).unwrap_or(time.len()));
    Some((date, time, zone))
}

/// How far a zone is ahead of UTC: nothing or `Z`, or `hh`, `hhmm` or `hh:mm` behind a sign.
fn zone_offset(zone: &str) -> Option<Span> {
    let (sign, digits) = match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => return Some(Span(0)),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return None,
    };
    let bytes = digits.as_bytes();
    let shaped = match bytes.len() {
        2 | 4 => bytes.iter().all(u8::is_ascii_digit),
        5 => bytes.iter().enumerate().all(|(i, b)| if i == 2 { *b == b':' } else { b.is_ascii_digit() }),
        _ => false,
    };
    let hours: i64 = digits.get(..2).filter(|_| shaped)?.parse().ok()?;
    let minutes: i64 =
        digits.get(digits.len() - 2..).filter(|_| bytes.len() > 2).map_or(Some(0), |text| text.parse().ok())?;
    (hours <= 23 && minutes <= 59).then(|| Span::minutes(sign * (hours * 60 + minutes)))
}

/// `hh`, `hh:mm`, `hh:mm:ss` or the same without colons, with a fraction of the last part that is given to seconds.
fn time_of_day(text: &str) -> Option<Span> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = if whole.contains(':') {
        if !whole.bytes().enumerate().all(|(i, b)| (b == b':') == (i % 3 == 2)) {
            return None;
        }
        whole.replace(':', "")
    } else {
        whole.to_owned()
    };
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !matches!(digits.len(), 0 | 2 | 4 | 6) || !is_digits(&digits) || !is_digits(fraction) {
        return None;
    }
    if !fraction.is_empty() && digits.len() != 6 {
        return None;
    }
    let pair = |at: usize| digits.get(at..at + 2).map_or(Some(0), |text| text.parse::<i64>().ok());
    let (hours, minutes, seconds) = (pair(0)?, pair(2)?, pair(4)?);
    if hours > 24 || minutes > 59 || seconds > 60 {
        return None;
    }
    let micros: i64 = format!("{:0<6.6}", fraction).parse().ok()?;
    Some(Span((hours * 3600 + minutes * 60 + seconds) * 1_000_000 + micros))
}

/// 0001-01-01T00:00:00Z.
const MIN_MICROS: i64 = -62_135_596_800_000_000;
/// 9999-12-30T22:00:00Z, the last instant that every time zone can write.
const MAX_MICROS: i64 = 253_402_207_200_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_one_form_of_a_date() {
        for good in ["1993-02-28", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(good.parse::<Date>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "1993-2-28",
            "1993-02-30",
            "2023-02-29",
            "19930228",
            "1993-02-28 ",
            "0000-01-01",
            "+993-02-28",
            "１993-02-2",
        ] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
    }

    #[test]
    fn writes_instants_in_utc() {
        assert_eq!(Instant::from_seconds(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Instant::from_micros(1_500_000).rfc3339(), "1970-01-01T00:00:01.5Z");
        assert_eq!(Date::new(1993, 1, 5).unwrap().start().rfc3339(), "1993-01-05T00:00:00Z");
    }

    #[test]
    fn reads_every_form_that_third_parties_send() {
        for (text, expected) in [
            ("2016-01-01T10:40:00", "2016-01-01T10:40:00Z"),
            ("2016-01-01T10:40:12.34567Z", "2016-01-01T10:40:12.34567Z"),
            ("2016-01-01T10:40:00+01", "2016-01-01T10:40:00Z"),
            ("2016-01-01T10:40:00 01:00", "2016-01-01T10:40:00Z"),
            ("2016-01-01T10:40:00-05:30", "2016-01-01T10:40:00Z"),
            ("20160101T104012.345Z", "2016-01-01T10:40:12.345Z"),
            ("20160101T1040", "2016-01-01T10:40:00Z"),
            ("2016-01-01", "2016-01-01T00:00:00Z"),
            ("2016-01-01T10:40:00.123456789Z", "2016-01-01T10:40:00.123456Z"),
        ] {
            assert_eq!(Instant::from_iso_8601(text).map(Instant::rfc3339).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "now",
            "2016-13-01T10:00:00",
            "2016-01-01T25:00:00",
            "2016-01-01T10:60:00",
            "2016-01-01T1:40",
            "2016-01-01T10:40:00X",
            "2016-01-01T10:4000",
            "2016-01-01T10:40:00+1x",
            "2016-01-01T10:40.5",
            "٢٠١٦-01-01",
        ] {
            assert_eq!(Instant::from_iso_8601(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_the_zone_where_it_counts() {
        for (text, expected) in [
            ("2016-01-01T10:40:00", "2016-01-01T10:40:00Z"),
            ("2016-01-01T10:40:12.34567Z", "2016-01-01T10:40:12.34567Z"),
            ("2016-01-01T10:40:00+01", "2016-01-01T09:40:00Z"),
            ("2016-01-01T10:40:00-05:30", "2016-01-01T16:10:00Z"),
            ("2016-01-01T00:30:00+0100", "2015-12-31T23:30:00Z"),
            ("20160101T104012.345Z", "2016-01-01T10:40:12.345Z"),
            ("2016-01-01T10:40", "2016-01-01T10:40:00Z"),
            ("2017-04-05t10:43:07z", "2017-04-05T10:43:07Z"),
        ] {
            assert_eq!(Instant::from_zoned_iso_8601(text).map(Instant::rfc3339).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "2016-01-01",
            "2016-01-01T",
            "2016-01-01TZ",
            "2016-01-01T10:40:00 01:00",
            "2016-01-01T10:40:00+1",
            "2016-01-01T10:40:00+24:00",
            "2016-01-01T10:40:00+01:60",
            "2016-01-01T10:40:00+01:0",
            "2016-01-01T10:40:00+010:0",
            "2016-01-01T10:40:00Z01",
            "2016-01-01T10:40:00+",
            "2016-02-30T10:40:00Z",
        ] {
            assert_eq!(Instant::from_zoned_iso_8601(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn survives_any_text(text: String) {
            let _ = Instant::from_zoned_iso_8601(&text);
            let _ = Instant::from_iso_8601(&text);
            let _ = text.parse::<Date>();
        }
    }

    #[test]
    fn never_leaves_the_years_it_can_write() {
        assert!(Instant::from_micros(i64::MAX).rfc3339().starts_with("9999-"));
        assert!(Instant::from_micros(i64::MIN).rfc3339().starts_with("0001-"));
        assert_eq!(Instant::from_seconds(i64::MAX).plus(Span::days(1)), Instant::from_micros(i64::MAX));
        for (day, micros) in [((1, 1, 1), i64::MIN), ((9999, 12, 31), i64::MAX)] {
            let (year, month, day) = day;
            assert_eq!(Date::new(year, month, day).unwrap().start(), Instant::from_micros(micros));
        }
        // Who means for ever writes the last day.
        assert_eq!(Instant::from_iso_8601("9999-12-31T23:59:59"), Some(Instant::from_micros(i64::MAX)));
    }
}
