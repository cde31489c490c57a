//! Bodies that third parties send: one JSON object, read strictly, with everything that is wrong with it told at once.
//!
//! [`body`] takes the bytes of a call, [`read`] walks through them by the rule of a resource. What is refused is named by its path,
//! never by what was sent.

use std::borrow::Cow;
use std::cell::RefCell;

use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use lombard_auth::jose::json;
use lombard_domain::consent::Written;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;
use serde_json::{Map, Value};

use super::error::{Fault, Problem};
use crate::parts::body::{self, BadBody};

/// The bytes of a body that says it is JSON in UTF-8, within the limit of all bodies.
pub(super) async fn body(request: Request) -> Result<Bytes, Problem> {
    if !is_utf8(request.headers()) {
        return Err(Problem::unsupported());
    }
    match body::json(request).await {
        Ok((_, bytes)) => Ok(bytes),
        Err(BadBody::Type) => Err(Problem::unsupported()),
        Err(BadBody::TooLarge) => Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "U010", "The body is too large")),
        Err(BadBody::Broken | BadBody::Malformed(_)) => Err(Problem::body(vec![unreadable()])),
    }
}

/// Reads a body by a rule, which notes all that is wrong and gives a value if nothing is.
pub(crate) fn read<T>(bytes: &[u8], rule: impl FnOnce(&Object<'_>) -> Option<T>) -> Result<T, Vec<Fault>> {
    let Some(members) = json::object(bytes) else { return Err(vec![unreadable()]) };
    let faults = RefCell::default();
    let value = rule(&Object { members: &members, path: String::new(), faults: &faults });
    let faults = faults.into_inner();
    match value {
        Some(value) if faults.is_empty() => Ok(value),
        _ if faults.is_empty() => Err(vec![unreadable()]),
        _ => Err(faults),
    }
}

/// An object on the way through a body.
pub(crate) struct Object<'a> {
    members: &'a Map<String, Value>,
    path: String,
    faults: &'a RefCell<Vec<Fault>>,
}

/// A value that is there, on the way through a body.
pub(crate) struct Field<'a> {
    value: &'a Value,
    path: String,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'a> Object<'a> {
    /// A member that must be there; its absence is noted.
    pub(crate) fn need(&self, name: &'static str) -> Option<Field<'a>> {
        let found = self.may(name);
        if found.is_none() {
            note(self.faults, "U004", "The field is missing", self.path_of(name));
        }
        found
    }

    /// A member that may be there.
    pub(crate) fn may(&self, name: &'static str) -> Option<Field<'a>> {
        let value = self.members.get(name)?;
        Some(Field { value, path: self.path_of(name), faults: self.faults })
    }

    /// Notes every member that is none of these.
    pub(crate) fn closed(&self, known: &[&str]) {
        for name in self.members.keys().filter(|name| !known.contains(&name.as_str())) {
            // What cannot be a member's name of anybody's is not repeated.
            let path = if is_plain(name) { self.path_of(name) } else { self.path.clone() };
            note(self.faults, "U005", "The field is not expected here", path);
        }
    }

    /// Notes what is wrong with a member that another one has shown to be wrong.
    pub(crate) fn refuse(&self, name: &str, code: &'static str, message: impl Into<Cow<'static, str>>) {
        note(self.faults, code, message, self.path_of(name));
    }

    /// Every member, whatever its name; more of them than `max` are refused.
    pub(crate) fn members(&self, max: usize) -> Option<Vec<(&'a str, Field<'a>)>> {
        if self.members.len() > max {
            note(self.faults, "U002", format!("There must be at most {max} members"), self.path.clone());
            return None;
        }
        let field = |(name, value): (&'a String, &'a Value)| {
            let path = if is_plain(name) { self.path_of(name) } else { self.path.clone() };
            (name.as_str(), Field { value, path, faults: self.faults })
        };
        Some(self.members.iter().map(field).collect())
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

impl<'a> Field<'a> {
    /// An object.
    pub(crate) fn object(&self) -> Option<Object<'a>> {
        match self.value.as_object() {
            Some(members) => Some(Object { members, path: self.path.clone(), faults: self.faults }),
            None => self.refuse("U002", "Must be an object"),
        }
    }

    /// A list of at most so many values, which have the path of the list.
    pub(crate) fn items(&self, max: usize) -> Option<Vec<Self>> {
        match self.value.as_array() {
            Some(items) if items.len() <= max => {
                let item = |value| Self { value, path: self.path.clone(), faults: self.faults };
                Some(items.iter().map(item).collect())
            }
            Some(_) => self.refuse("U002", format!("Must have at most {max} items")),
            None => self.refuse("U002", "Must be a list"),
        }
    }

    /// A string of 1 to `max` characters, none of them a control character.
    pub(crate) fn text(&self, max: usize) -> Option<&'a str> {
        let Some(text) = self.value.as_str() else { return self.refuse("U002", "Must be a string") };
        let fits = (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits {
            Some(text)
        } else {
            self.refuse("U002", format!("Must have 1 to {max} characters, and no control characters"))
        }
    }

    /// A text that is kept and shown to people.
    pub(crate) fn bounded<const MAX: usize>(&self) -> Option<Text<MAX>> {
        let Some(text) = self.value.as_str() else { return self.refuse("U002", "Must be a string") };
        match Text::new(text) {
            Ok(text) => Some(text),
            Err(why) => self.refuse("U002", format!("The text {why}")),
        }
    }

    /// A date and time in any form of ISO 8601; without a zone it is UTC.
    pub(crate) fn date_time(&self) -> Option<Instant> {
        match self.value.as_str().and_then(Instant::from_zoned_iso_8601) {
            Some(instant) => Some(instant),
            None => self.refuse("U003", "Must be a date and time of ISO 8601, such as 2027-01-31T12:00:00Z"),
        }
    }

    /// How a date and time was written, if it can be told back; whether it is one is for [`Field::date_time`] to say.
    pub(crate) fn written(&self) -> Option<Written> {
        self.value.as_str().and_then(Written::read)
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn integer(&self, least: i64, most: i64) -> Option<i64> {
        match self.value.as_i64() {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => self.refuse("U002", format!("Must be a whole number from {least} to {most}")),
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        let boolean = self.value.as_bool();
        boolean.or_else(|| self.refuse("U002", "Must be true or false"))
    }

    /// Notes what is wrong with it; for the end of a rule.
    pub(crate) fn refuse<T>(&self, code: &'static str, message: impl Into<Cow<'static, str>>) -> Option<T> {
        note(self.faults, code, message, self.path.clone());
        None
    }
}

/// A body that is not one JSON object, or names a member twice, which two readers would read differently.
fn unreadable() -> Fault {
    let message = "The body must be one JSON object in UTF-8 that names no member twice";
    Fault { code: "U010", message: message.into(), path: None }
}

fn note(faults: &RefCell<Vec<Fault>>, code: &'static str, message: impl Into<Cow<'static, str>>, path: String) {
    let fault = Fault { code, message: message.into(), path: Some(path).filter(|path| !path.is_empty()) };
    let mut faults = faults.borrow_mut();
    if faults.len() < FAULTS_MAX && !faults.contains(&fault) {
        faults.push(fault);
    }
}

/// A name that can stand in an answer and a log.
fn is_plain(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Whether no other character set is named (UK Open Banking: the parameter is allowed).
fn is_utf8(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_TYPE).iter().map(|value| value.to_str().unwrap_or_default());
    let mut parameters = values.flat_map(|value| value.split(';').skip(1)).filter_map(|part| part.split_once('='));
    parameters.all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

/// Faults that one answer tells; who has made more learns of the others next time.
const FAULTS_MAX: usize = 20;
/// Characters of an unknown member's name that is repeated in a path.
const NAME_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is wrong with a body of a rule that has everything.
    fn faults(text: &str) -> Vec<(&'static str, Option<String>)> {
        let read = read(text.as_bytes(), |body| {
            body.closed(&["Data", "Risk"]);
            let data = body.need("Data")?.object()?;
            let at = data.may("At").and_then(|field| field.date_time());
            let name = data.need("Name").and_then(|field| field.bounded::<5>());
            let list = data.may("List").and_then(|field| field.items(2)).unwrap_or_default();
            let list: Vec<_> = list.iter().filter_map(|item| item.text(3)).map(str::to_owned).collect();
            let number = data.may("Number").and_then(|field| field.integer(1, 9));
            let sure = data.may("Sure").and_then(|field| field.boolean());
            let more = data.may("More").and_then(|field| field.object()?.members(1).map(|members| members.len()));
            Some((at, name?, list, number, sure, more))
        });
        read.err().unwrap_or_default().into_iter().map(|fault| (fault.code, fault.path)).collect()
    }

    #[test]
    fn tells_what_is_wrong_and_where() {
        let long = "x".repeat(100);
        let unknown_long = format!(r#"{{"Data":{{"Name":"a"}},"{long}":1}}"#);
        for (text, expected) in [
            (r#"{"Data":{"Name":"a"},"Risk":{}}"#, &[][..]),
            (r#"{"Data":{"Name":"a","At":"2027-01-01T00:00:00+01:00","List":["x"],"Number":9,"Sure":true}}"#, &[]),
            (r#"{"Data":{"Name":"a","More":{"any":1}}}"#, &[]),
            ("", &[("U010", None)]),
            ("[]", &[("U010", None)]),
            ("null", &[("U010", None)]),
            (r#"{"Data":{"Name":"a"}}x"#, &[("U010", None)]),
            (r#"{"Data":{"Name":"a","Name":"b"}}"#, &[("U010", None)]),
            (r#"{"Data":{"Name":"a"},"Other":1}"#, &[("U005", Some("Other"))]),
            (r#"{"Data":{"Name":"a"},"<b>":1}"#, &[("U005", None)]),
            (unknown_long.as_str(), &[("U005", None)]),
            ("{}", &[("U004", Some("Data"))]),
            (r#"{"Data":null}"#, &[("U002", Some("Data"))]),
            (r#"{"Data":[]}"#, &[("U002", Some("Data"))]),
            (r#"{"Data":{}}"#, &[("U004", Some("Data.Name"))]),
            (r#"{"Data":{"Name":1}}"#, &[("U002", Some("Data.Name"))]),
            (r#"{"Data":{"Name":""}}"#, &[("U002", Some("Data.Name"))]),
            (r#"{"Data":{"Name":"abcdef"}}"#, &[("U002", Some("Data.Name"))]),
            (r#"{"Data":{"Name":"a","List":{}}}"#, &[("U002", Some("Data.List"))]),
            (r#"{"Data":{"Name":"a","List":["a","b","c"]}}"#, &[("U002", Some("Data.List"))]),
            (r#"{"Data":{"Name":"a","List":["a","long"]}}"#, &[("U002", Some("Data.List"))]),
            (r#"{"Data":{"Name":"a","Number":10}}"#, &[("U002", Some("Data.Number"))]),
            (r#"{"Data":{"Name":"a","Number":1.0}}"#, &[("U002", Some("Data.Number"))]),
            (r#"{"Data":{"Name":"a","Sure":"true"}}"#, &[("U002", Some("Data.Sure"))]),
            (r#"{"Data":{"Name":"a","More":{"a":1,"b":2}}}"#, &[("U002", Some("Data.More"))]),
            (
                r#"{"Data":{"At":"soon","List":7},"Extra":1}"#,
                &[
                    ("U005", Some("Extra")),
                    ("U003", Some("Data.At")),
                    ("U004", Some("Data.Name")),
                    ("U002", Some("Data.List")),
                ],
            ),
        ] {
            let expected: Vec<_> = expected.iter().map(|(code, path)| (*code, path.map(str::to_owned))).collect();
            assert_eq!(faults(text), expected, "{text}");
        }
    }

    #[test]
    fn tells_no_more_than_anybody_reads() {
        let many: Vec<String> = (0..500).map(|n| format!("\"m{n}\":1")).collect();
        assert_eq!(faults(&format!("{{{}}}", many.join(","))).len(), FAULTS_MAX);
    }

    #[test]
    fn takes_utf_8_only() {
        let accepts = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            is_utf8(&headers)
        };
        for good in ["application/json", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\";q=1"] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["application/json; charset=latin1", "application/json; charset=utf-16"] {
            assert!(!accepts(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn survives_any_text(text: String) {
            let _ = faults(&text);
        }

        /// Whatever stands where an object is expected, the answer can be given: every path is short and plain.
        #[test]
        fn answers_hold_nothing_strange(name: String, value in any::<i64>()) {
            let body = serde_json::json!({"Data": {"Name": "a"}, name: value}).to_string();
            for (_, path) in faults(&body) {
                prop_assert!(path.is_none_or(|path| path.len() <= 200 && path.bytes().all(|b| b.is_ascii_graphic())));
            }
        }
    }
}
