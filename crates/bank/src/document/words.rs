//! How days, amounts and account numbers are written for people.

use lombard_domain::account::{Identification, Scheme};
use lombard_domain::money::{Direction, Money};
use lombard_domain::time::Date;

/// A day in a table, such as `7 Mar 2026`.
pub(super) fn short_day(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day).get(..3).unwrap_or_default(), day.year())
}

/// A day in a sentence, such as `7 March 2026`.
pub(super) fn long_day(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day), day.year())
}

fn month(day: Date) -> &'static str {
    let place = usize::try_from(day.month()).unwrap_or(0).saturating_sub(1);
    MONTHS.get(place).copied().unwrap_or_default()
}

/// An amount without sign and currency, such as `1,234.56`.
pub(super) fn amount(money: Money) -> String {
    let decimal = money.unsigned_decimal();
    let (whole, fraction) = decimal.split_once('.').map_or((decimal.as_str(), None), |(w, f)| (w, Some(f)));
    let mut grouped = String::with_capacity(decimal.len() + 4);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// A balance without currency; what is owed has a minus.
pub(super) fn balance(money: Money) -> String {
    match money.direction() {
        Direction::Credit => amount(money),
        Direction::Debit => format!("-{}", amount(money)),
    }
}

/// What an account's number is called, and the number. Of a card it is only the end: a document is passed on.
pub(super) fn number(identification: &Identification) -> (&'static str, String) {
    let number = identification.number();
    match identification.scheme() {
        Scheme::SortCodeAccountNumber => {
            let (sort_code, account) = number.split_at_checked(6).unwrap_or((number, ""));
            let pairs = sort_code.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>();
            ("Sort code and account", format!("{} {account}", pairs.join("-")))
        }
        Scheme::Iban => {
            let fours = number.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>();
            ("IBAN", fours.join(" "))
        }
        Scheme::Bban => ("Account", number.to_owned()),
        Scheme::Pan => ("Card", identification.masked()),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_amounts_in_groups() {
        for (minor, currency, written) in [
            (0, "GBP", "0.00"),
            (99_999, "GBP", "999.99"),
            (-100_000, "GBP", "-1,000.00"),
            (123_456_789, "JPY", "123,456,789"),
            (1_234_567, "KWD", "1,234.567"),
            (i64::MIN, "GBP", "-92,233,720,368,547,758.08"),
        ] {
            assert_eq!(balance(Money::new(minor, currency.parse().unwrap())), written);
        }
    }

    #[test]
    fn writes_days_and_numbers_as_people_do() {
        let day = Date::new(2026, 3, 7).unwrap();
        assert_eq!((short_day(day).as_str(), long_day(day).as_str()), ("7 Mar 2026", "7 March 2026"));
        for (scheme, text, written) in [
            (Scheme::SortCodeAccountNumber, "20000012345678", "20-00-00 12345678"),
            (Scheme::Iban, "GB29NWBK60161331926819", "GB29 NWBK 6016 1331 9268 19"),
            (Scheme::Bban, "576/YZ", "576/YZ"),
            (Scheme::Pan, "4111111111111111", "xxxxxxxxxxxx1111"),
        ] {
            let Ok(known) = Identification::new(scheme, text) else { continue };
            assert_eq!(number(&known).1, written);
        }
    }
}
