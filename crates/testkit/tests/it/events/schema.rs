//! Every answer and every token has the shape that UK Open Banking publishes.

use std::path::PathBuf;

use lombard_domain::time::Span;
use lombard_testkit::{Answer, TestBank};
use reqwest::Method;
use serde_json::{Value, json};

use super::{EVENTS, SUBSCRIPTIONS, Watcher, revoked_by};

/// A published description, if it is beside this project.
struct Published(Value);

impl Published {
    fn open(name: &str) -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/openapi");
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            eprintln!("LEFT OUT: {name} is not here, so events are not held against UK Open Banking's schemas");
            return None;
        };
        Some(Self(serde_json::from_str(&text).unwrap()))
    }

    /// Holds a value against a schema.
    fn holds(&self, schema: &str, value: &Value) {
        let root = json!({"allOf": [{"$ref": schema}], "components": self.0["components"]});
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft4).should_validate_formats(true);
        let validator = options.build(&root).unwrap();
        let problems: Vec<_> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{schema}: {problems:#?}\n{value:#}");
    }

    /// Holds an answer against what is published for a method and a path.
    fn check(&self, method: &str, template: &str, answer: &Answer) {
        let mut response = &self.0["paths"][template][method]["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{method} {template} has no {}", answer.status);
        if let Some(reference) = response["$ref"].as_str() {
            response = self.0.pointer(reference.trim_start_matches('#')).unwrap();
        }
        let contents = response["content"].as_object();
        let schema = contents.and_then(|kinds| kinds.values().find_map(|kind| kind["schema"]["$ref"].as_str()));
        match schema {
            Some(schema) => self.holds(schema, &answer.json()),
            None if answer.status >= 400 => self.holds("#/components/schemas/OBErrorResponse1", &answer.json()),
            None => assert_eq!((answer.status, answer.text.as_str()), (204, "")),
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_published_shape() {
    let Some(published) = Published::open("events.json") else { return };
    let bank = TestBank::new().await;
    let watcher = Watcher::register(&bank).await;
    let one = "/event-subscriptions/{EventSubscriptionId}";
    let wish = json!({"Data": {
        "Version": "4.0",
        "CallbackUrl": "https://app.example/open-banking/v4.0/event-notifications",
        "EventTypes": ["UK.OBIE.Resource-Update", "UK.OBIE.Consent-Authorization-Revoked"],
    }});
    let check = async |method: Method, template: &str, path: &str, body: Option<&Value>, status: u16| {
        let answer = watcher.call(method.clone(), path, body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        published.check(&method.as_str().to_lowercase(), template, &answer);
        answer
    };
    check(Method::GET, "/event-subscriptions", SUBSCRIPTIONS, None, 200).await;
    let made = check(Method::POST, "/event-subscriptions", SUBSCRIPTIONS, Some(&wish), 201).await;
    check(Method::POST, "/event-subscriptions", SUBSCRIPTIONS, Some(&wish), 409).await;
    check(Method::POST, "/event-subscriptions", SUBSCRIPTIONS, Some(&json!({})), 400).await;
    check(Method::GET, "/event-subscriptions", SUBSCRIPTIONS, None, 200).await;
    let path = format!("{SUBSCRIPTIONS}/{}", made.json()["Data"]["EventSubscriptionId"].as_str().unwrap());
    let change = json!({"Data": {"Version": "4.0"}});
    check(Method::PUT, one, &path, Some(&change), 200).await;
    check(Method::PUT, one, &path, Some(&json!({"Data": {}})), 400).await;
    check(Method::GET, "/event-subscriptions", SUBSCRIPTIONS, None, 200).await;
    check(Method::POST, "/events", EVENTS, Some(&json!({})), 200).await;
    let consent = watcher.connected(&bank).await;
    revoked_by(&bank, "amelia", &consent).await;
    let polled = check(Method::POST, "/events", EVENTS, Some(&json!({"maxEvents": 1})), 200).await;
    assert_eq!(polled.json()["sets"].as_object().map(serde_json::Map::len), Some(1));
    check(Method::POST, "/events", EVENTS, Some(&json!({"maxEvents": "many"})), 400).await;
    check(Method::DELETE, one, &path, None, 204).await;
    check(Method::DELETE, one, &path, None, 400).await;
    let refused = watcher.call_with("nothing", Method::POST, EVENTS, Some(&json!({}))).await;
    published.check("post", "/events", &refused);
}

/// What is published knows one kind of event; the others are told in the same form, with a reason where the standard has one.
#[tokio::test]
async fn every_token_has_the_published_shape() {
    let Some(published) = Published::open("event-notifications.json") else { return };
    let bank = TestBank::new().await;
    let watcher = Watcher::fetching(&bank).await;
    let consent = watcher.connected(&bank).await;
    let funds = watcher.lodge_funds().await;
    watcher.allowed(&bank, "amelia", "fundsconfirmations", &funds).await;
    watcher.allowed(&bank, "amelia", "accounts", &consent).await;
    let (source, why) =
        (lombard_domain::text::Text::new("a2").unwrap(), lombard_domain::notification::Reason::Switched);
    bank.auth.close_account(TestBank::OPERATOR, &source, why).await.unwrap();
    bank.clock.advance(Span::seconds(1));
    for consent in [&consent, &funds] {
        revoked_by(&bank, "amelia", consent).await;
    }
    let told = watcher.told().await;
    assert_eq!(told.len(), 5, "{told:#?}");
    let known = "urn:uk:org:openbanking:events:resource-update";
    for mut claims in told {
        let events = claims["events"].as_object_mut().unwrap();
        let (name, mut event) = events.clone().into_iter().next().unwrap();
        if name != known {
            event.as_object_mut().unwrap().remove("reason");
            *events = serde_json::Map::from_iter([(known.to_owned(), event)]);
        }
        published.holds("#/components/schemas/OBEventNotification1", &claims);
    }
}
