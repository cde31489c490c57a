//! What apps want to be told: `OBEventSubscription1` and its responses.
//!
//! One subscription for each app. An `x-jws-signature` is not looked at, and answers are not signed.

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use lombard_auth::Door;
use lombard_auth::notification::Wish;
use lombard_domain::notification::{Subscription, Topic};
use lombard_domain::oauth::WebUri;
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::{AppRefused, ErrorResponse};
use super::envelope::Envelope;
use super::error::Problem;
use super::input::{self, Field, Object};
use super::own::{self, Events, Named, Own};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::peer::At;

/// `OBEventSubscription1`; for a change also `OBEventSubscriptionResponse1`, of which no more is read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct SubscriptionWish {
    data: WishData,
}

/// What an app wants to be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct WishData {
    /// Where events are sent; without it, the app fetches them.
    #[schema(
        max_length = 1000,
        pattern = "^https://.*/open-banking/v4\\.0/event-notifications$",
        example = "https://app.example/open-banking/v4.0/event-notifications"
    )]
    callback_url: Option<String>,
    /// The version of the standard.
    #[schema(pattern = "^4\\.0$", example = "4.0")]
    version: String,
    /// Which events; without it, all of them.
    #[schema(max_items = 16, example = json!(["UK.OBIE.Consent-Authorization-Revoked"]))]
    event_types: Option<Vec<String>>,
}

/// `Data` of `OBEventSubscriptionResponse1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SubscriptionData {
    event_subscription_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<String>,
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    event_types: Vec<&'static str>,
}

/// `Data` of `OBEventSubscriptionsResponse1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SubscriptionsData {
    event_subscription: Vec<SubscriptionData>,
}

/// Say what to be told, and where.
#[utoipa::path(post, path = "/open-banking/v4.0/event-subscriptions", tag = "events", operation_id = "subscribe",
    request_body = SubscriptionWish,
    responses((status = 201, description = "The subscription", body = Envelope<SubscriptionData>),
        (status = 409, description = "There is one already", body = ErrorResponse), AppRefused),
    security(("app" = ["accounts"]), ("app" = ["fundsconfirmations"])))]
pub(super) async fn subscribe(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<Events>,
    request: Request,
) -> Result<(StatusCode, Json<Envelope<SubscriptionData>>), Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let bytes = input::body(request).await.map_err(named)?;
    let wish = input::read(&bytes, |body| wish(body, &["Data"])).map_err(|all| named(Problem::body(all)))?;
    let made = app.auth.subscribe(id.call(), &client, wish).await.map_err(|error| named(error.into()))?;
    let made = made.ok_or_else(|| {
        named(Problem::new(StatusCode::CONFLICT, "U029", "There is a subscription already; change it instead"))
    })?;
    Ok((StatusCode::CREATED, answer(&app, door, made)))
}

/// What the app wants to be told: one subscription, or none.
#[utoipa::path(get, path = "/open-banking/v4.0/event-subscriptions", tag = "events", operation_id = "listSubscriptions",
    responses((status = 200, description = "The subscriptions", body = Envelope<SubscriptionsData>), AppRefused),
    security(("app" = ["accounts"]), ("app" = ["fundsconfirmations"])))]
pub(super) async fn list(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<Events>,
) -> Result<Json<Envelope<SubscriptionsData>>, Problem> {
    let found = app.auth.subscription(&client).await.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    let event_subscription = found.into_iter().map(SubscriptionData::from).collect();
    Ok(Envelope::whole(SubscriptionsData { event_subscription }, own::address(&app, door, PATH)))
}

/// Say anew what to be told, and where.
#[utoipa::path(put, path = "/open-banking/v4.0/event-subscriptions/{subscription}", tag = "events", operation_id = "changeSubscription",
    params(("subscription" = String, Path, description = "EventSubscriptionId", max_length = 40)),
    request_body = SubscriptionWish,
    responses((status = 200, description = "The subscription", body = Envelope<SubscriptionData>), AppRefused),
    security(("app" = ["accounts"]), ("app" = ["fundsconfirmations"])))]
pub(super) async fn change(
    State(app): State<App>,
    id: InteractionId,
    At(door): At,
    Own(client, _): Own<Events>,
    Named(subscription): Named,
    request: Request,
) -> Result<Json<Envelope<SubscriptionData>>, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let bytes = input::body(request).await.map_err(named)?;
    let wish = input::read(&bytes, |body| changed(body, &subscription)).map_err(|all| named(Problem::body(all)))?;
    let changed = app.auth.change_subscription(id.call(), &client, &subscription, wish).await;
    let changed = changed.map_err(|error| named(error.into()))?.ok_or_else(|| named(unknown()))?;
    Ok(answer(&app, door, changed))
}

/// Be told nothing any more. What happened before can still be fetched.
#[utoipa::path(delete, path = "/open-banking/v4.0/event-subscriptions/{subscription}", tag = "events", operation_id = "unsubscribe",
    params(("subscription" = String, Path, description = "EventSubscriptionId", max_length = 40)),
    responses((status = 204, description = "It is gone"), AppRefused),
    security(("app" = ["accounts"]), ("app" = ["fundsconfirmations"])))]
pub(super) async fn unsubscribe(
    State(app): State<App>,
    id: InteractionId,
    Own(client, _): Own<Events>,
    Named(subscription): Named,
) -> Result<StatusCode, Problem> {
    let named = |problem: Problem| problem.with_id(id.as_str());
    let gone = app.auth.unsubscribe(id.call(), &client, &subscription).await.map_err(|error| named(error.into()))?;
    if gone { Ok(StatusCode::NO_CONTENT) } else { Err(named(unknown())) }
}

/// Reads `OBEventSubscription1`. What is not closed in the standard may hold more than is read here.
pub(super) fn wish(body: &Object<'_>, members: &[&str]) -> Option<Wish> {
    body.closed(members);
    let data = body.need("Data")?.object()?;
    let callback = data.may("CallbackUrl").and_then(|field| callback(&field));
    let topics = data.may("EventTypes").and_then(|field| field.items(TOPICS_MAX)).unwrap_or_default();
    let mut topics: Vec<Topic> = topics.iter().filter_map(topic).collect();
    topics.sort_unstable();
    topics.dedup();
    let version = data.need("Version")?;
    match version.bounded::<10>()? {
        spoken if spoken.as_str() == VERSION => Some(Wish { callback, version: spoken, topics }),
        _ => version.refuse("U002", "Only version 4.0 is spoken here"),
    }
}

/// Reads the body of a change, which in the standard has the shape of an answer: with the identifier, `Links` and `Meta`.
fn changed(body: &Object<'_>, subscription: &str) -> Option<Wish> {
    let wish = wish(body, &["Data", "Links", "Meta"])?;
    let data = body.need("Data")?.object()?;
    match data.may("EventSubscriptionId") {
        Some(field) if field.text(ID_LENGTH_MAX)? != subscription => {
            field.refuse("U002", "Must be the identifier in the path")
        }
        _ => Some(wish),
    }
}

/// An address to which events can be sent.
fn callback(field: &Field<'_>) -> Option<WebUri> {
    let text = field.text(CALLBACK_LENGTH_MAX)?;
    let uri =
        WebUri::try_from(text.to_owned()).ok().filter(|_| text.ends_with(CALLBACK_END) && !text.contains(['?', '#']));
    uri.or_else(|| {
        field.refuse("U002", "Must be an https address that ends with /open-banking/v4.0/event-notifications")
    })
}

/// A kind of event by its code in a subscription, or by its name in an event as the standard's own examples have it.
fn topic(field: &Field<'_>) -> Option<Topic> {
    let text = field.text(TOPIC_LENGTH_MAX)?;
    let known = Topic::ALL.iter().copied().find(|topic| topic.code() == text || topic.urn() == text);
    known.or_else(|| field.refuse("U024", "Events of this type are not told of here"))
}

fn answer(app: &App, door: Door, subscription: Subscription) -> Json<Envelope<SubscriptionData>> {
    let own = own::address(app, door, &format!("{PATH}/{}", subscription.id));
    Envelope::whole(subscription.into(), own)
}

impl From<Subscription> for SubscriptionData {
    fn from(subscription: Subscription) -> Self {
        Self {
            event_subscription_id: subscription.id.to_string(),
            callback_url: subscription.callback.map(String::from),
            version: subscription.version.into_string(),
            event_types: subscription.topics.into_iter().map(Topic::code).collect(),
        }
    }
}

fn unknown() -> Problem {
    Problem::unknown("There is no such subscription of this app")
}

/// Where subscriptions are.
const PATH: &str = "/event-subscriptions";
/// The version of the standard that is spoken here.
const VERSION: &str = "4.0";
/// What the address of a receiver ends with.
const CALLBACK_END: &str = "/open-banking/v4.0/event-notifications";
/// Characters of the address of a receiver.
const CALLBACK_LENGTH_MAX: usize = 1000;
/// Kinds of events in a subscription; there are fewer, but a list may repeat one.
const TOPICS_MAX: usize = 16;
/// Characters of the name of a kind of event.
const TOPIC_LENGTH_MAX: usize = 100;
/// Characters of an identifier (`Max40Text`).
const ID_LENGTH_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a body, or what is wrong with it.
    fn read(text: &str) -> Result<Wish, Vec<(&'static str, Option<String>)>> {
        let read = input::read(text.as_bytes(), |body| wish(body, &["Data"]));
        read.map_err(|faults| faults.into_iter().map(|fault| (fault.code, fault.path)).collect())
    }

    #[test]
    fn reads_what_an_app_wants_to_be_told() {
        let url = "https://app.example/hooks/open-banking/v4.0/event-notifications";
        let body = format!(
            r#"{{"Data":{{"CallbackUrl":"{url}","Version":"4.0","EventTypes":["UK.OBIE.Resource-Update",
                "urn:uk:org:openbanking:events:consent-authorization-revoked","UK.OBIE.Resource-Update"],"More":1}}}}"#
        );
        let wish = read(&body).unwrap();
        assert_eq!(wish.callback.unwrap().as_str(), url);
        assert_eq!(wish.topics, [Topic::ConsentAuthorizationRevoked, Topic::ResourceUpdate]);
        let wish = read(r#"{"Data":{"Version":"4.0"}}"#).unwrap();
        assert!(wish.callback.is_none() && wish.topics.is_empty());
    }

    #[test]
    fn says_what_is_wrong_with_it() {
        let callback = |url: &str| format!(r#"{{"Data":{{"Version":"4.0","CallbackUrl":"{url}"}}}}"#);
        let end = CALLBACK_END;
        for bad in [
            format!("http://app.example{end}"),
            format!("https://app.example{end}/"),
            format!("https://app.example/x?y={end}"),
            format!("https://app.example/x#{end}"),
            format!("https://user:word@app.example{end}"),
            format!("https://app.example/{}{end}", "x".repeat(1000)),
            format!("https://app .example{end}"),
            end.to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&callback(&bad)).unwrap_err(), [("U002", Some("Data.CallbackUrl".to_owned()))], "{bad}");
        }
        for (body, code, path) in [
            ("{}", "U004", "Data"),
            (r#"{"Data":{}}"#, "U004", "Data.Version"),
            (r#"{"Data":{"Version":"3.1"}}"#, "U002", "Data.Version"),
            (r#"{"Data":{"Version":4.0}}"#, "U002", "Data.Version"),
            (r#"{"Data":{"Version":"4.0"},"Risk":{}}"#, "U005", "Risk"),
            (r#"{"Data":{"Version":"4.0","EventTypes":"all"}}"#, "U002", "Data.EventTypes"),
            (r#"{"Data":{"Version":"4.0","EventTypes":["UK.OBIE.Rain"]}}"#, "U024", "Data.EventTypes"),
        ] {
            assert_eq!(read(body).unwrap_err(), [(code, Some(path.to_owned()))], "{body}");
        }
        let many = format!(r#"{{"Data":{{"Version":"4.0","EventTypes":{:?}}}}}"#, vec!["UK.OBIE.Resource-Update"; 17]);
        assert_eq!(read(&many).unwrap_err(), [("U002", Some("Data.EventTypes".to_owned()))]);
    }
}
