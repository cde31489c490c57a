//! The number by which an account is known to others, and what makes one valid.

use std::str::FromStr;

/// A scheme of account numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// A national account number without check rules of its own.
    Bban,
    /// ISO 13616.
    Iban,
    /// A payment card's number, ISO/IEC 7812.
    Pan,
    /// UK: six digits of sort code and eight of account number.
    SortCodeAccountNumber,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: &[Self] = &[Self::Bban, Self::Iban, Self::Pan, Self::SortCodeAccountNumber];

    /// The word for it, in import files and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Bban => "BBAN",
            Self::Iban => "IBAN",
            Self::Pan => "PAN",
            Self::SortCodeAccountNumber => "SortCodeAccountNumber",
        }
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        Self::ALL.iter().copied().find(|scheme| scheme.code() == text).ok_or(UnknownScheme)
    }
}

/// The text names no scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not BBAN, IBAN, PAN or SortCodeAccountNumber")]
pub struct UnknownScheme;

/// A valid account number.
#[derive(Clone, PartialEq, Eq)]
pub struct Identification {
    scheme: Scheme,
    number: String,
}

impl Identification {
    /// Checks a number by the rules of its scheme. Spaces are refused: import files hold the electronic form.
    ///
    /// # Errors
    /// [`BadIdentification`] says which rule it breaks.
    pub fn new(scheme: Scheme, number: &str) -> Result<Self, BadIdentification> {
        match scheme {
            Scheme::Bban => check_bban(number),
            Scheme::Iban => check_iban(number),
            Scheme::Pan => check_pan(number),
            Scheme::SortCodeAccountNumber => check_digits(number, 14..=14),
        }?;
        Ok(Self { scheme, number: number.to_owned() })
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The number in full.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Whether both name the same account. A British account has a number of its own and an IBAN that ends with it (ISO 13616 registry,
    /// GB), and is known under either.
    #[must_use]
    pub fn names_the_account_of(&self, other: &Self) -> bool {
        self == other || self.ends_with_the_number_of(other) || other.ends_with_the_number_of(self)
    }

    fn ends_with_the_number_of(&self, other: &Self) -> bool {
        self.scheme == Scheme::Iban
            && other.scheme == Scheme::SortCodeAccountNumber
            && self.number.starts_with("GB")
            && self.number.get(BRITISH_NUMBER_AT..) == Some(other.number.as_str())
    }

    /// The number with all but its last four characters hidden, for a page or a card's number (PCI DSS 3.4).
    #[must_use]
    pub fn masked(&self) -> String {
        let shown_from = self.number.len().saturating_sub(4);
        self.number.chars().enumerate().map(|(i, c)| if i < shown_from { 'x' } else { c }).collect()
    }
}

/// Where a British IBAN has the sort code: behind country, check digits and the bank's four letters.
const BRITISH_NUMBER_AT: usize = 8;

/// Why a number is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentification {
    /// The check digits do not fit the rest.
    #[error("the check digits are wrong")]
    Checksum,
    /// Not as long as, or not made of the characters that, the scheme demands.
    #[error("not in the form of its scheme")]
    Form,
}

fn check_digits(number: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<(), BadIdentification> {
    let fits = lengths.contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(()).ok_or(BadIdentification::Form)
}

fn check_bban(number: &str) -> Result<(), BadIdentification> {
    let fits = (1..=34).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/'));
    fits.then_some(()).ok_or(BadIdentification::Form)
}

/// ISO 13616: country, two check digits, at most 30 more; the whole, rearranged, is 1 modulo 97 (ISO/IEC 7064).
fn check_iban(number: &str) -> Result<(), BadIdentification> {
    let bytes = number.as_bytes();
    let (Some((head, rest)), 15..=34) = (bytes.split_at_checked(4), bytes.len()) else {
        return Err(BadIdentification::Form);
    };
    let [a, b, c, d] = head else {
        return Err(BadIdentification::Form);
    };
    let shaped = a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit();
    if !shaped || !rest.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return Err(BadIdentification::Form);
    }
    let remainder = rest.iter().chain(head).fold(0_u32, |acc, byte| match byte {
        b'0'..=b'9' => (acc * 10 + u32::from(byte - b'0')) % 97,
        _ => (acc * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    if remainder == 1 { Ok(()) } else { Err(BadIdentification::Checksum) }
}

/// ISO/IEC 7812: 12 to 19 digits, the last of which is Luhn's check digit.
fn check_pan(number: &str) -> Result<(), BadIdentification> {
    check_digits(number, 12..=19)?;
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    if sum.is_multiple_of(10) { Ok(()) } else { Err(BadIdentification::Checksum) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_good_numbers() {
        for (scheme, number) in [
            (Scheme::Iban, "GB29NWBK60161331926819"),
            (Scheme::Iban, "CZ6508000000192000145399"),
            (Scheme::Iban, "NO9386011117947"),
            (Scheme::Pan, "4111111111111111"),
            (Scheme::SortCodeAccountNumber, "20000012345678"),
            (Scheme::Bban, "19-2000145399/0800"),
        ] {
            assert!(Identification::new(scheme, number).is_ok(), "{number}");
        }
    }

    #[test]
    fn refuses_bad_numbers() {
        use BadIdentification::{Checksum, Form};
        for (scheme, number, why) in [
            (Scheme::Iban, "GB29NWBK60161331926818", Checksum),
            (Scheme::Iban, "GB29 NWBK 6016 1331 9268 19", Form),
            (Scheme::Iban, "gb29NWBK60161331926819", Form),
            (Scheme::Iban, "GB29", Form),
            (Scheme::Iban, "é29NWBK601613319268", Form),
            (Scheme::Pan, "4111111111111112", Checksum),
            (Scheme::Pan, "4111-1111-1111-1111", Form),
            (Scheme::SortCodeAccountNumber, "2000001234567", Form),
            (Scheme::SortCodeAccountNumber, "20-00-0012345678", Form),
            (Scheme::Bban, "", Form),
            (Scheme::Bban, "1' OR '1'='1", Form),
        ] {
            assert_eq!(Identification::new(scheme, number).err(), Some(why), "{number}");
        }
    }

    #[test]
    fn knows_an_account_by_either_of_its_numbers() {
        let iban = Identification::new(Scheme::Iban, "GB29NWBK60161331926819").unwrap();
        let own = Identification::new(Scheme::SortCodeAccountNumber, "60161331926819").unwrap();
        let other = Identification::new(Scheme::SortCodeAccountNumber, "60161331926818").unwrap();
        let bban = Identification::new(Scheme::Bban, "60161331926819").unwrap();
        let foreign = Identification::new(Scheme::Iban, "CZ6508000000192000145399").unwrap();
        let ends_alike = Identification::new(Scheme::SortCodeAccountNumber, "00192000145399").unwrap();
        for (one, another, same) in [
            (&iban, &iban, true),
            (&iban, &own, true),
            (&own, &own, true),
            (&iban, &other, false),
            (&own, &other, false),
            (&iban, &bban, false),
            (&own, &bban, false),
            (&foreign, &ends_alike, false),
        ] {
            assert_eq!((one.names_the_account_of(another), another.names_the_account_of(one)), (same, same));
        }
    }

    #[test]
    fn hides_all_but_the_end() {
        let card = Identification::new(Scheme::Pan, "4111111111111111").unwrap();
        assert_eq!(card.masked(), "xxxxxxxxxxxx1111");
    }

    proptest! {
        #[test]
        fn survives_any_text(number: String) {
            for scheme in Scheme::ALL {
                let _ = Identification::new(*scheme, &number);
            }
        }

        #[test]
        fn notices_any_one_wrong_digit(place in 4..22_usize, digit in 0..10_u8) {
            let good = b"GB29NWBK60161331926819";
            let mut other = good.to_vec();
            prop_assume!(other[place].is_ascii_digit() && other[place] != b'0' + digit);
            other[place] = b'0' + digit;
            let other = String::from_utf8(other).unwrap();
            prop_assert_eq!(Identification::new(Scheme::Iban, &other).err(), Some(BadIdentification::Checksum));
        }
    }
}
