//! Money: whole minor units of one currency. No fractions of a penny, no floating point, every sum checked.

use std::fmt;

use crate::currency::Currency;

/// An amount of money, which may be negative (what flows out, an overdrawn balance).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// So many minor units (pence, cents, haléře) of a currency.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads an unsigned decimal such as `812.45`.
    ///
    /// # Errors
    /// [`BadAmount`] when it is no such number, has more decimals than the currency has, or more than 13 digits before the
    /// point (UK Open Banking's `Amount`).
    pub fn parse(text: &str, currency: Currency) -> Result<Self, BadAmount> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(BadAmount::Malformed),
            None => (text, ""),
        };
        if whole.is_empty() || whole.len() > WHOLE_DIGITS_MAX {
            return Err(BadAmount::Malformed);
        }
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(BadAmount::Malformed);
        }
        let exponent = currency.exponent();
        let missing = usize::try_from(exponent)
            .ok()
            .and_then(|digits| digits.checked_sub(fraction.len()))
            .ok_or(BadAmount::TooManyDecimals { allowed: exponent })?;
        let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing));
        let mut minor = 0_i64;
        for digit in digits {
            minor = minor
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(i64::from(digit - b'0')))
                .ok_or(BadAmount::Malformed)?;
        }
        Ok(Self::new(minor, currency))
    }

    /// Minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The sum, if both are of one currency and the sum can be held.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(self.minor.checked_add(other.minor)?, self.currency))
    }

    /// The same amount flowing the other way.
    #[must_use]
    pub fn negated(self) -> Option<Self> {
        Some(Self::new(self.minor.checked_neg()?, self.currency))
    }

    /// Whether it flows in or out; nothing counts as in.
    #[must_use]
    pub fn direction(self) -> Direction {
        if self.minor < 0 { Direction::Debit } else { Direction::Credit }
    }

    /// The amount without its sign as a decimal, such as `812.45`.
    #[must_use]
    pub fn unsigned_decimal(self) -> String {
        let digits = usize::try_from(self.currency.exponent()).unwrap_or(0);
        let minor = self.minor.unsigned_abs();
        if digits == 0 {
            return minor.to_string();
        }
        let unit = 10_u64.pow(self.currency.exponent());
        format!("{}.{:0digits$}", minor / unit, minor % unit)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        write!(f, "{sign}{} {}", self.unsigned_decimal(), self.currency)
    }
}

/// Which way money flows, seen from the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Into the account.
    Credit,
    /// Out of the account.
    Debit,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// Not an unsigned decimal number of a bearable size.
    #[error("not an amount such as 812.45")]
    Malformed,
    /// More decimals than the currency has.
    #[error("more than {allowed} decimals")]
    TooManyDecimals {
        /// How many the currency has.
        allowed: u32,
    },
}

/// UK Open Banking's `Amount` has at most 13 digits before the point.
const WHOLE_DIGITS_MAX: usize = 13;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_back_as_it_was_written(minor in 0..10_000_000_000_000_i64, code in "GBP|JPY|KWD") {
            let money = Money::new(minor, code.parse().unwrap());
            prop_assert_eq!(Money::parse(&money.unsigned_decimal(), money.currency()).unwrap(), money);
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = Money::parse(&text, Currency::GBP);
        }

        #[test]
        fn adds_like_integers(a in any::<i64>(), b in any::<i64>()) {
            let sum = Money::new(a, Currency::GBP).plus(Money::new(b, Currency::GBP)).map(Money::minor);
            prop_assert_eq!(sum, a.checked_add(b));
        }
    }

    #[test]
    fn refuses_what_is_not_an_amount() {
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1,00", "1e3", "1.00 ", " 1", "12345678901234", "١"] {
            assert_eq!(Money::parse(bad, Currency::GBP), Err(BadAmount::Malformed), "{bad}");
        }
        assert_eq!(Money::parse("1.005", Currency::GBP), Err(BadAmount::TooManyDecimals { allowed: 2 }));
        assert_eq!(Money::parse("1.0", "JPY".parse().unwrap()), Err(BadAmount::TooManyDecimals { allowed: 0 }));
    }

    #[test]
    fn never_adds_two_currencies() {
        assert_eq!(Money::new(1, Currency::GBP).plus(Money::new(1, Currency::EUR)), None);
    }
}
