//! How often who may call what, through the front door: refused in time, in each surface's shape, and true in what is told.

mod overload;
mod rates;
mod shapes;

use std::collections::BTreeMap;

use lombard_auth::Policy;
use lombard_auth::limit::{Class, Kind};
use lombard_testkit::{Answer, App, Engine, TestBank, Tokens, example_folder};

/// A limit, as its name in answers, and the rate.
type Set<'a> = (Class, Kind, &'a str);

/// A bank with just these limits.
async fn bank(limits: &[Set<'_>]) -> TestBank {
    TestBank::with(Engine::Sqlite, &example_folder(), |policy: &mut Policy| {
        for (class, kind, rate) in limits {
            policy.limits.set(*class, *kind, Some(rate.parse().unwrap()));
        }
    })
    .await
}

/// A token of the app's own.
async fn own_token(app: &App, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    Tokens::of(Answer::of(app.post("/token", &form).await).await.json()).access
}

async fn get(app: &App, path: &str, token: &str) -> Answer {
    Answer::of(app.get(path, token).await).await
}

/// A member of a structured field's list (RFC 9651 3.1): a string, and parameters that are whole numbers.
type Item = (String, BTreeMap<String, i64>);

/// Reads a list of strings with parameters, as strictly as the standard has it.
fn list(field: &str) -> Vec<Item> {
    let member = |member: &str| {
        let (name, parameters) = member.strip_prefix('"').unwrap().split_once('"').unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        let parameters = parameters.split(';').skip(1).map(|parameter| {
            let (key, value) = parameter.split_once('=').unwrap();
            (key.to_owned(), value.parse().unwrap())
        });
        (name.to_owned(), parameters.collect())
    };
    field.split(", ").map(member).collect()
}

/// What an answer tells of one limit: how many there are, in how many seconds, how many are left, and when all are back.
fn told(answer: &Answer, name: &str) -> [i64; 4] {
    let (policies, left) = (list(answer.header("ratelimit-policy")), list(answer.header("ratelimit")));
    let names = |items: &[Item]| items.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&policies), names(&left), "both tell of the same limits");
    let of = |items: &[Item], key: &str| items.iter().find(|(own, _)| own == name).unwrap().1[key];
    [of(&policies, "q"), of(&policies, "w"), of(&left, "r"), of(&left, "t")]
}

fn wait(answer: &Answer) -> i64 {
    answer.header("retry-after").parse().unwrap_or_else(|_| panic!("no Retry-After: {answer:?}"))
}
