//! The second factor: a time-based one-time code (RFC 6238), or one fixed code in a sandbox.
//!
//! Owns the computation and the comparison. Must never accept a fixed code outside a sandbox, nor remember what was used:
//! the caller stores the accepted [`TimeStep`] and refuses it and all before it (RFC 6238 5.2, single use).
//!
//! Written on the HMAC of aws-lc-rs rather than with totp-rs: it is 20 lines, leaves one crypto library in the binary,
//! takes time and randomness from our ports, and does not copy the secret into a structure that is not wiped.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;
use lombard_domain::time::Instant;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A period of 30 seconds, counted from 1970, for which one code is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeStep(i64);

impl TimeStep {
    /// The step at a moment.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self(now.seconds().div_euclid(STEP_SECONDS))
    }

    /// A step that was stored.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The step as a number, to be stored.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

/// A code that was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Accepted {
    /// The code of this step: refuse it unless the step is later than the last one that the customer used.
    Once(TimeStep),
    /// The fixed code of a sandbox, which may be used again.
    Again,
}

/// How this server checks second factors.
pub struct SecondFactor(Kind);

enum Kind {
    Totp,
    Fixed(Secret<String>),
}

impl SecondFactor {
    /// One-time codes of each customer's own authenticator: SHA-1, six digits, 30 seconds, as all authenticators support.
    #[must_use]
    pub fn totp() -> Self {
        Self(Kind::Totp)
    }

    /// One known code for every customer: only for a sandbox, where it is printed at start.
    ///
    /// `None` if it is not six digits.
    #[must_use]
    pub fn fixed_for_sandbox_only(code: Secret<String>) -> Option<Self> {
        let digits = code.expose().bytes().all(|byte| byte.is_ascii_digit());
        (digits && code.expose().len() == DIGITS).then_some(Self(Kind::Fixed(code)))
    }

    /// Whether it may be used outside a sandbox.
    #[must_use]
    pub fn is_fit_for_production(&self) -> bool {
        matches!(self.0, Kind::Totp)
    }

    /// Checks a code as a person typed it; spaces are ignored.
    ///
    /// The step before and the step after the present one pass as well (RFC 6238 5.2, 6). All three are always compared, and
    /// a customer without a secret costs as much as one with.
    #[must_use]
    pub fn check(&self, typed: &str, secret: Option<&Secret<Vec<u8>>>, now: Instant) -> Option<Accepted> {
        let typed = digits(typed)?;
        match &self.0 {
            Kind::Fixed(code) => {
                verify_slices_are_equal(&typed, code.expose().as_bytes()).is_ok().then_some(Accepted::Again)
            }
            Kind::Totp => {
                let secret = secret.map(Secret::expose).filter(|key| key.len() >= MIN_SECRET_BYTES);
                let key = secret.map_or(DECOY_SECRET.as_slice(), Vec::as_slice);
                let step = matching_step(&typed, key, TimeStep::at(now));
                step.filter(|_| secret.is_some()).map(Accepted::Once)
            }
        }
    }
}

/// Draws a new secret of 160 bits (RFC 4226 4, R6).
#[must_use]
pub fn generate_secret(random: &dyn Random) -> Secret<Vec<u8>> {
    Secret::new(random::bytes::<SECRET_BYTES>(random).to_vec())
}

/// The URI that an authenticator reads from a QR code; as secret as the secret in it.
///
/// Colons in the names become spaces, because the label uses one as its separator.
#[must_use]
pub fn otpauth_uri(issuer: &str, account: &str, secret: &Secret<Vec<u8>>) -> Secret<String> {
    let name = |text: &str| utf8_percent_encode(&text.replace(':', " "), RESERVED).to_string();
    let (issuer, account) = (name(issuer), name(account));
    let key = base32(secret.expose());
    Secret::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={key}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    ))
}

/// The step, of the three around the present, whose code this is.
fn matching_step(typed: &[u8; DIGITS], secret: &[u8], present: TimeStep) -> Option<TimeStep> {
    let mut found = None;
    for offset in [0, -1, 1] {
        let step = TimeStep(present.0.saturating_add(offset));
        let right = code(secret, step).is_some_and(|code| verify_slices_are_equal(typed, code.as_bytes()).is_ok());
        if right && found.is_none() {
            found = Some(step);
        }
    }
    found
}

/// The code of one step (RFC 4226 5.3); none before 1970.
fn code(secret: &[u8], step: TimeStep) -> Option<String> {
    let counter = u64::try_from(step.0).ok()?;
    // SHA-1 is what authenticators implement; HMAC does not rest on its collision resistance.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let offset = usize::from(tag.as_ref().last()? & 0x0f);
    let window = *tag.as_ref().get(offset..)?.first_chunk::<4>()?;
    let number = (u32::from_be_bytes(window) & 0x7fff_ffff) % CODES;
    Some(format!("{number:0DIGITS$}"))
}

/// Six digits, from at most 16 bytes that may contain spaces.
fn digits(typed: &str) -> Option<[u8; DIGITS]> {
    if typed.len() > MAX_TYPED_BYTES {
        return None;
    }
    let digits: Vec<u8> = typed.bytes().filter(|byte| *byte != b' ').collect();
    let digits: [u8; DIGITS] = digits.try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// Base32 without padding (RFC 4648 6), as authenticators want it.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    for chunk in bytes.chunks(5) {
        let mut padded = [0; 8];
        for (place, byte) in padded.iter_mut().skip(3).zip(chunk) {
            *place = *byte;
        }
        let bits = u64::from_be_bytes(padded);
        for character in 0..chunk.len().saturating_mul(8).div_ceil(5) {
            let shift = 35_usize.saturating_sub(character.saturating_mul(5));
            let index = usize::try_from((bits >> shift) & 0x1f).unwrap_or(0);
            text.extend(BASE32.get(index).map(|letter| char::from(*letter)));
        }
    }
    text
}

/// The number of digits of a code.
const DIGITS: usize = 6;
/// The number of different codes.
const CODES: u32 = 1_000_000;
/// The length of a step, in seconds (RFC 6238 5.2 recommends 30).
const STEP_SECONDS: i64 = 30;
/// The length of a new secret, in bytes.
const SECRET_BYTES: usize = 20;
/// The shortest secret that is used, in bytes (RFC 4226 4, R6: 128 bits).
const MIN_SECRET_BYTES: usize = 16;
/// The longest text that is read as a code, in bytes.
const MAX_TYPED_BYTES: usize = 16;
/// Stands in for the secret of a customer who has none; its codes open nothing.
const DECOY_SECRET: [u8; SECRET_BYTES] = [0; SECRET_BYTES];
/// The alphabet of RFC 4648 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Everything but the unreserved characters of RFC 3986 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc_secret() -> Secret<Vec<u8>> {
        Secret::new(b"12345678901234567890".to_vec())
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    #[test]
    fn makes_the_codes_of_rfc_6238_appendix_b() {
        // The table there has eight digits; six are its last six.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let made = code(rfc_secret().expose(), TimeStep::at(at(seconds)));
            assert_eq!(made.as_deref(), Some(expected), "{seconds}");
        }
    }

    #[test]
    fn accepts_one_step_on_either_side_and_says_which() {
        let secret = rfc_secret();
        let check = |now| SecondFactor::totp().check("081804", Some(&secret), at(now));
        let step = TimeStep::at(at(1_111_111_109));
        for now in [1_111_111_050, 1_111_111_080, 1_111_111_109, 1_111_111_110, 1_111_111_139] {
            assert_eq!(check(now), Some(Accepted::Once(step)), "{now}");
        }
        for now in [1_111_111_049, 1_111_111_140, 0, -1, i64::MIN, i64::MAX] {
            assert_eq!(check(now), None, "{now}");
        }
        assert_eq!(TimeStep::from_number(step.number()), step);
    }

    #[test]
    fn reads_only_six_digits_and_spaces() {
        let secret = rfc_secret();
        let check = |typed: &str| SecondFactor::totp().check(typed, Some(&secret), at(59)).is_some();
        for good in ["287082", "287 082", " 2 8 7 0 8 2 "] {
            assert!(check(good), "{good:?}");
        }
        for bad in [
            "",
            "28708",
            "2870820",
            "287083",
            "28708a",
            "287-082",
            "+87082",
            "２８７０８２",
            "287\t082",
            "287\u{a0}082",
            "287082\0",
            "28 70 82           ",
        ] {
            assert!(!check(bad), "{bad:?}");
        }
    }

    #[test]
    fn nobody_signs_in_without_a_secret() {
        let step = TimeStep::at(at(59));
        let decoy = code(&DECOY_SECRET, step).unwrap();
        assert_eq!(SecondFactor::totp().check(&decoy, None, at(59)), None);
        for weak in [&b""[..], b"123456789012345"] {
            let guess = code(weak, step).unwrap();
            let weak = Secret::new(weak.to_vec());
            assert_eq!(SecondFactor::totp().check(&guess, Some(&weak), at(59)), None);
        }
    }

    #[test]
    fn the_sandbox_code_is_fixed_and_never_fit_for_production() {
        let fixed = |code: &str| SecondFactor::fixed_for_sandbox_only(Secret::new(code.to_owned()));
        let factor = fixed("123456").unwrap();
        assert!(!factor.is_fit_for_production());
        assert!(SecondFactor::totp().is_fit_for_production());
        assert_eq!(factor.check("123 456", None, at(0)), Some(Accepted::Again));
        assert_eq!(factor.check("123457", None, at(0)), None);
        for bad in ["", "12345", "1234567", "12345a", "１２"] {
            assert!(fixed(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn writes_base32_as_rfc_4648_10() {
        for (text, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), expected);
        }
    }

    #[test]
    fn writes_a_uri_that_authenticators_read() {
        struct Seven;
        impl Random for Seven {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        let secret = generate_secret(&Seven);
        assert_eq!(secret.expose().len(), 20);
        let uri = otpauth_uri("A & B: Bank", "zoë?x=y", &secret);
        let key = base32(secret.expose());
        assert_eq!(
            *uri.expose(),
            format!(
                "otpauth://totp/A%20%26%20B%20%20Bank:zo%C3%AB%3Fx%3Dy?secret={key}&issuer=A%20%26%20B%20%20Bank&algorithm=SHA1&digits=6&period=30"
            )
        );
    }
}
