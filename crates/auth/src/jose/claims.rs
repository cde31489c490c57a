//! The registered claims of a JWT (RFC 7519 4.1), read with limits, and the check of its times.
//!
//! Owns types and times only; who the issuer must be and what the audience means is for the caller. Must never be filled
//! from a payload whose signature has not held.

use lombard_domain::time::{Instant, Span};
use serde_json::{Number, Value};

use super::JoseError;
use super::json::{self, Object};

/// How far ahead `iat` and `nbf` may lie, in seconds.
///
/// FAPI 2.0 Security Profile 5.3.2.1: up to 10 s ahead must be accepted, more than 60 s must be refused.
pub const FUTURE_TOLERANCE_SECONDS: i64 = 30;
const _: () = assert!(FUTURE_TOLERANCE_SECONDS >= 10 && FUTURE_TOLERANCE_SECONDS <= 60);

/// The claims of a token.
#[derive(Clone, Debug)]
pub struct Claims {
    all: Object,
    audience: Audience,
    expires_at: Option<Instant>,
    not_before: Option<Instant>,
    issued_at: Option<Instant>,
}

/// Whom a token is for; which form it had matters to FAPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// No `aud`.
    Absent,
    /// A JSON string.
    One(String),
    /// A JSON array of strings, not empty.
    Many(Vec<String>),
}

impl Audience {
    /// Whether this reader is among those the token is for (RFC 7519 4.1.3).
    #[must_use]
    pub fn contains(&self, reader: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::One(only) => only == reader,
            Self::Many(all) => all.iter().any(|one| one == reader),
        }
    }

    /// Whether it is this reader alone, as a JSON string (client assertions, FAPI 2.0 Security Profile 5.3.2.1).
    #[must_use]
    pub fn is_only(&self, reader: &str) -> bool {
        matches!(self, Self::One(only) if only == reader)
    }

    fn parse(value: Option<&Value>) -> Option<Self> {
        let one = |value| json::bounded(value, MAX_CLAIM_BYTES).map(str::to_owned);
        match value {
            None => Some(Self::Absent),
            Some(Value::Array(items)) if items.is_empty() || items.len() > MAX_AUDIENCES => None,
            Some(Value::Array(items)) => items.iter().map(one).collect::<Option<_>>().map(Self::Many),
            Some(value) => one(value).map(Self::One),
        }
    }
}

/// Whether a token must have an `exp`, and for how long after it the token still passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It must have one.
    Required {
        /// Allowance for clocks that differ; none for tokens of our own.
        leeway: Span,
    },
    /// It may have none; the caller limits its age by other means (DPoP proofs).
    Optional {
        /// Allowance for clocks that differ.
        leeway: Span,
    },
}

impl Claims {
    /// Reads claims; the types of the registered ones are checked, all others are kept as they are.
    ///
    /// # Errors
    /// [`JoseError::Payload`] if it is not an object of distinct members, [`JoseError::Claim`] naming the claim that is wrong.
    pub fn parse(payload: &[u8]) -> Result<Self, JoseError> {
        let all = json::object(payload).ok_or(JoseError::Payload)?;
        for name in ["iss", "sub", "jti"] {
            text(&all, name)?;
        }
        Ok(Self {
            audience: Audience::parse(all.get("aud")).ok_or(JoseError::Claim("aud"))?,
            expires_at: date(&all, "exp")?,
            not_before: date(&all, "nbf")?,
            issued_at: date(&all, "iat")?,
            all,
        })
    }

    /// `iss`: who made the token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.value("iss").and_then(Value::as_str)
    }

    /// `sub`: whom it is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.value("sub").and_then(Value::as_str)
    }

    /// `aud`: whom it is for.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// `exp`: from when on it is refused.
    #[must_use]
    pub fn expires_at(&self) -> Option<Instant> {
        self.expires_at
    }

    /// `nbf`: from when on it is good.
    #[must_use]
    pub fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// `iat`: when it was made.
    #[must_use]
    pub fn issued_at(&self) -> Option<Instant> {
        self.issued_at
    }

    /// `jti`: its own name, for single use.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.value("jti").and_then(Value::as_str)
    }

    /// All claims, as they were signed.
    pub fn all(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.all.iter()
    }

    /// Any claim, as it was signed.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.all.get(name)
    }

    /// Any claim that, if it is there, must be a string of 1 to 1024 bytes without control characters.
    ///
    /// # Errors
    /// [`JoseError::Claim`] if it is something else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, JoseError> {
        text(&self.all, name)
    }

    /// Checks `exp`, `nbf` and `iat` against the present.
    ///
    /// # Errors
    /// [`JoseError::Claim`] if a required `exp` is missing, [`JoseError::Expired`] from the second of `exp` plus its leeway on,
    /// [`JoseError::NotYetValid`] if `nbf` or `iat` lies more than [`FUTURE_TOLERANCE_SECONDS`] ahead.
    pub fn check_times(&self, now: Instant, expiry: Expiry) -> Result<(), JoseError> {
        let leeway = match expiry {
            Expiry::Required { .. } if self.expires_at.is_none() => {
                return Err(JoseError::Claim("exp"));
            }
            Expiry::Required { leeway } | Expiry::Optional { leeway } => leeway,
        };
        if self.expires_at.is_some_and(|end| now >= end.plus(leeway)) {
            return Err(JoseError::Expired);
        }
        let horizon = now.plus(Span::seconds(FUTURE_TOLERANCE_SECONDS));
        if [self.not_before, self.issued_at].into_iter().flatten().any(|start| start > horizon) {
            return Err(JoseError::NotYetValid);
        }
        Ok(())
    }
}

fn text<'a>(all: &'a Object, name: &'static str) -> Result<Option<&'a str>, JoseError> {
    all.get(name).map(|value| json::bounded(value, MAX_CLAIM_BYTES).ok_or(JoseError::Claim(name))).transpose()
}

fn date(all: &Object, name: &'static str) -> Result<Option<Instant>, JoseError> {
    match all.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => seconds(number).map(Some).ok_or(JoseError::Claim(name)),
        Some(_) => Err(JoseError::Claim(name)),
    }
}

/// A `NumericDate` (RFC 7519 2) from 1970 to 9999; a fraction of a second is dropped, for dates are compared in seconds.
fn seconds(number: &Number) -> Option<Instant> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    (seconds <= MAX_DATE_SECONDS).then(|| Instant::from_seconds(seconds))
}

/// The longest string in a registered claim, in bytes.
const MAX_CLAIM_BYTES: usize = 1024;
/// The most audiences of one token.
const MAX_AUDIENCES: usize = 16;
/// 9999-12-30T00:00:00Z, in seconds since 1970.
const MAX_DATE_SECONDS: i64 = 253_402_128_000;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims(text: &str) -> Claims {
        Claims::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn reads_registered_claims() {
        let read = claims(r#"{"iss":"i","sub":"s","aud":["a","b"],"exp":3,"nbf":1,"iat":2.9,"jti":"j","x":{"y":1}}"#);
        assert_eq!((read.issuer(), read.subject(), read.id()), (Some("i"), Some("s"), Some("j")));
        assert_eq!(read.expires_at(), Some(Instant::from_seconds(3)));
        assert_eq!(read.not_before(), Some(Instant::from_seconds(1)));
        assert_eq!(read.issued_at(), Some(Instant::from_seconds(2)));
        assert_eq!(read.value("x").unwrap()["y"], 1);
        assert_eq!(read.text("x").err(), Some(JoseError::Claim("x")));
        assert_eq!(read.text("z"), Ok(None));
    }

    #[test]
    fn tells_a_single_audience_from_a_list() {
        let one = claims(r#"{"aud":"a"}"#);
        assert!(one.audience().contains("a") && one.audience().is_only("a"));
        let list = claims(r#"{"aud":["a"]}"#);
        assert!(list.audience().contains("a") && !list.audience().is_only("a"));
        assert!(!list.audience().contains("A"));
        assert!(!claims("{}").audience().contains(""));
    }

    #[test]
    fn refuses_claims_of_wrong_types_and_sizes() {
        let long = format!(r#"{{"sub":"{}"}}"#, "s".repeat(MAX_CLAIM_BYTES + 1));
        let many = format!(r#"{{"aud":{:?}}}"#, ["a"; MAX_AUDIENCES + 1]);
        let table = [
            (long.as_str(), "sub"),
            (&many, "aud"),
            (r#"{"iss":1}"#, "iss"),
            (r#"{"iss":null}"#, "iss"),
            (r#"{"sub":""}"#, "sub"),
            (r#"{"jti":"a\r\nb"}"#, "jti"),
            (r#"{"aud":[]}"#, "aud"),
            (r#"{"aud":[1]}"#, "aud"),
            (r#"{"aud":{}}"#, "aud"),
            (r#"{"exp":"1"}"#, "exp"),
            (r#"{"exp":-1}"#, "exp"),
            (r#"{"exp":1e300}"#, "exp"),
            (r#"{"exp":18446744073709551615}"#, "exp"),
            (r#"{"nbf":-0.5}"#, "nbf"),
            (r#"{"iat":true}"#, "iat"),
        ];
        for (text, name) in table {
            assert_eq!(Claims::parse(text.as_bytes()).err(), Some(JoseError::Claim(name)), "{text}");
        }
        for text in ["", "[]", "1", r#"{"iss":"a","iss":"b"}"#] {
            assert_eq!(Claims::parse(text.as_bytes()).err(), Some(JoseError::Payload), "{text}");
        }
    }

    #[test]
    fn accepts_ten_seconds_of_the_future_and_refuses_sixty_one() {
        let now = Instant::from_seconds(NOW);
        let none = Expiry::Optional { leeway: Span::seconds(0) };
        for name in ["iat", "nbf"] {
            let at = |ahead: i64| claims(&format!(r#"{{"{name}":{}}}"#, NOW + ahead)).check_times(now, none);
            for ahead in [-100_000, 0, 10, FUTURE_TOLERANCE_SECONDS] {
                assert_eq!(at(ahead), Ok(()), "{name} {ahead}");
            }
            for ahead in [FUTURE_TOLERANCE_SECONDS + 1, 61, 100_000] {
                assert_eq!(at(ahead), Err(JoseError::NotYetValid), "{name} {ahead}");
            }
        }
    }

    #[test]
    fn expires_at_the_second_of_exp() {
        let end = claims(&format!(r#"{{"exp":{NOW}}}"#));
        let strict = Expiry::Required { leeway: Span::seconds(0) };
        let lenient = Expiry::Required { leeway: Span::seconds(10) };
        let at = |ahead: i64| Instant::from_seconds(NOW + ahead);
        assert_eq!(end.check_times(at(-1), strict), Ok(()));
        assert_eq!(end.check_times(at(0), strict), Err(JoseError::Expired));
        assert_eq!(end.check_times(at(9), lenient), Ok(()));
        assert_eq!(end.check_times(at(10), lenient), Err(JoseError::Expired));
        assert_eq!(claims("{}").check_times(at(0), strict), Err(JoseError::Claim("exp")));
        let optional = Expiry::Optional { leeway: Span::seconds(0) };
        assert_eq!(claims("{}").check_times(at(0), optional), Ok(()));
        assert_eq!(end.check_times(at(0), optional), Err(JoseError::Expired));
    }
}
