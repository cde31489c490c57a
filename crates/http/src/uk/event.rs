//! Aggregated polling of events: `OBEventPolling1` and its response (RFC 8936).
//!
//! The answer comes at once, also where the app would wait (`returnImmediately: false`): then it asks again.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Request, State};
use lombard_auth::notification::{Poll, Polled};
use lombard_domain::id::NotificationId;
use lombard_domain::text::Text;
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::AppRefused;
use super::error::Problem;
use super::input::{self, Field, Object};
use super::own::{Events, Own};
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// `OBEventPolling1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Question {
    /// How many tokens at most; 20 if it is not said, and never more than 50. With 0 nothing is given, only acknowledged.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 10)]
    max_events: Option<i32>,
    /// The answer always comes at once.
    return_immediately: Option<bool>,
    /// Names (`jti`) of tokens that the app has.
    #[schema(max_items = 500)]
    ack: Option<Vec<String>>,
    /// Names of tokens that the app cannot take, each with its reason.
    set_errs: Option<BTreeMap<String, Failure>>,
}

/// Why an app cannot take a token (RFC 8935 2.4).
#[derive(Serialize, ToSchema)]
struct Failure {
    /// A word of IANA's registry.
    #[schema(min_length = 1, max_length = 40, example = "authentication_failed")]
    err: String,
    /// A sentence for people.
    #[schema(min_length = 1, max_length = 256)]
    description: String,
}

/// `OBEventPollingResponse1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fetched {
    /// Whether there are others.
    more_available: bool,
    /// Signed tokens by their `jti`.
    sets: BTreeMap<String, String>,
}

/// Fetch events that were not sent, and say which are there already.
#[utoipa::path(post, path = "/open-banking/v4.0/events", tag = "events", operation_id = "pollEvents",
    request_body = Question,
    responses((status = 200, description = "Signed tokens (RFC 8417) by their names", body = Fetched), AppRefused),
    security(("app" = ["accounts"]), ("app" = ["fundsconfirmations"])))]
pub(super) async fn poll(
    State(app): State<App>,
    id: InteractionId,
    Own(client, _): Own<Events>,
    request: Request,
) -> Result<Json<Fetched>, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let bytes = input::body(request).await.map_err(named)?;
    let poll = input::read(&bytes, asked).map_err(|all| named(Problem::body(all)))?;
    let Polled { sets, more } = app.auth.poll(&client, poll).await.map_err(|error| named(error.into()))?;
    let sets = sets.into_iter().map(|(id, token)| (id.to_string(), token)).collect();
    Ok(Json(Fetched { more_available: more, sets }))
}

/// Reads `OBEventPolling1`.
fn asked(body: &Object<'_>) -> Option<Poll> {
    body.closed(&["maxEvents", "returnImmediately", "ack", "setErrs"]);
    let most = body.may("maxEvents").map_or(Some(EVENTS_DEFAULT), |field| field.integer(0, i64::from(i32::MAX)));
    if let Some(field) = body.may("returnImmediately") {
        field.boolean()?;
    }
    let taken = body.may("ack").and_then(|field| field.items(NAMES_MAX)).unwrap_or_default();
    let acknowledged = taken.iter().filter_map(|field| name(field.text(NAME_LENGTH_MAX)?)).collect();
    let errors = body.may("setErrs").and_then(|field| field.object()?.members(NAMES_MAX)).unwrap_or_default();
    let refused = errors.iter().filter_map(|(id, field)| Some((name(id), why(field)?))).collect::<Vec<_>>();
    let refused = refused.into_iter().filter_map(|(id, why)| Some((id?, why))).collect();
    Some(Poll { most: most?.min(EVENTS_MAX), acknowledged, refused })
}

/// A notification by its name. What is no name of ours names nothing, and is ignored like the name of another app's.
fn name(text: &str) -> Option<NotificationId> {
    text.parse().ok()
}

/// The app's word for why it cannot take a token (RFC 8935 2.4); its description is for people, and not kept.
fn why(field: &Field<'_>) -> Option<Text<40>> {
    let error = field.object()?;
    let word = error.need("err").and_then(|field| field.bounded::<40>());
    let described = error.need("description").and_then(|field| field.text(DESCRIPTION_LENGTH_MAX));
    described.and(word)
}

/// Tokens in an answer where the app does not say how many.
const EVENTS_DEFAULT: i64 = 20;
/// Tokens in an answer, however many the app asks for.
const EVENTS_MAX: i64 = 50;
/// Names of notifications in each of the two lists of a request.
const NAMES_MAX: usize = 500;
/// Characters of a name (`Max128Text`).
const NAME_LENGTH_MAX: usize = 128;
/// Characters of a description (`Max256Text`).
const DESCRIPTION_LENGTH_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Poll, Vec<(&'static str, Option<String>)>> {
        let read = input::read(text.as_bytes(), asked);
        read.map_err(|faults| faults.into_iter().map(|fault| (fault.code, fault.path)).collect())
    }

    #[test]
    fn reads_how_many_are_wanted_and_what_is_there_already() {
        for (body, most) in [
            ("{}", EVENTS_DEFAULT),
            (r#"{"maxEvents":0}"#, 0),
            (r#"{"maxEvents":7,"returnImmediately":false}"#, 7),
            (r#"{"maxEvents":100000}"#, EVENTS_MAX),
        ] {
            assert_eq!(read(body).unwrap().most, most, "{body}");
        }
        let id = NotificationId::from_bits(5);
        let body = format!(
            r#"{{"ack":["{id}","somebody-else's"],"setErrs":{{"{id}":{{"err":"authentication_failed","description":"?"}},
                "unknown":{{"err":"jwtIss","description":"no"}}}}}}"#
        );
        let poll = read(&body).unwrap();
        assert_eq!(poll.acknowledged, [id]);
        assert_eq!(poll.refused, [(id, Text::new("authentication_failed").unwrap())]);
    }

    #[test]
    fn says_what_is_wrong_with_it() {
        let many = format!(r#"{{"ack":{:?}}}"#, vec!["x"; NAMES_MAX + 1]);
        let long = format!(r#"{{"ack":["{}"]}}"#, "x".repeat(NAME_LENGTH_MAX + 1));
        for (body, code, path) in [
            ("[]", "U010", None),
            (r#"{"maxEvents":-1}"#, "U002", Some("maxEvents")),
            (r#"{"maxEvents":"1"}"#, "U002", Some("maxEvents")),
            (r#"{"returnImmediately":1}"#, "U002", Some("returnImmediately")),
            (r#"{"wait":1}"#, "U005", Some("wait")),
            (r#"{"ack":{}}"#, "U002", Some("ack")),
            (r#"{"ack":[1]}"#, "U002", Some("ack")),
            (many.as_str(), "U002", Some("ack")),
            (long.as_str(), "U002", Some("ack")),
            (r#"{"setErrs":[]}"#, "U002", Some("setErrs")),
            (r#"{"setErrs":{"x":{"description":"d"}}}"#, "U004", Some("setErrs.x.err")),
            (r#"{"setErrs":{"x":{"err":"e"}}}"#, "U004", Some("setErrs.x.description")),
            (r#"{"setErrs":{"x":"e"}}"#, "U002", Some("setErrs.x")),
        ] {
            assert_eq!(read(body).unwrap_err(), [(code, path.map(str::to_owned))], "{body}");
        }
    }
}
