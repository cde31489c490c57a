//! What makes a proof (RFC 9449 4.2, 4.3): every part of it wrong in turn, at every place where one is shown.

use lombard_domain::oauth::Alg;
use lombard_testkit::fapi::{FapiSetup, token_hash};
use lombard_testkit::{Answer, Defect, TestBank, with_private_part};
use serde_json::{Value, json};

use super::{Place, Scene};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Refused,
    Taken,
}

use Fate::{Refused, Taken};

/// What it is, what becomes of it, and how its header and claims differ from good ones.
type Case = (&'static str, Fate, fn(&mut Value, &mut Value));

const HEADERS: &[Case] = &[
    ("typ missing", Refused, |header, _| remove(header, "typ")),
    ("typ of any token", Refused, |header, _| header["typ"] = "JWT".into()),
    ("a key too many", Taken, |header, _| header["kid"] = "mine".into()),
    ("no key", Refused, |header, _| remove(header, "jwk")),
    ("only the name of a key", Refused, |header, _| {
        remove(header, "jwk");
        header["kid"] = "mine".into();
    }),
    ("a private key", Refused, |header, _| header["jwk"] = with_private_part(header["jwk"].clone())),
    ("a secret as the key", Refused, |header, _| header["jwk"] = json!({"kty": "oct", "k": "c2VjcmV0"})),
    ("a key for encryption", Refused, |header, _| header["jwk"]["use"] = "enc".into()),
    ("half a key", Refused, |header, _| remove(&mut header["jwk"], "x")),
    ("two keys", Refused, |header, _| header["jwk"] = json!([header["jwk"], header["jwk"]])),
];

const METHOD_AND_ADDRESS: &[Case] = &[
    ("htm missing", Refused, |_, claims| remove(claims, "htm")),
    ("htm of another method", Refused, |_, claims| claims["htm"] = "PUT".into()),
    ("htm in small letters", Refused, |_, claims| edit(claims, "htm", str::to_lowercase)),
    ("htm a list", Refused, |_, claims| claims["htm"] = json!(["GET", "POST"])),
    ("htu missing", Refused, |_, claims| remove(claims, "htu")),
    ("htu empty", Refused, |_, claims| claims["htu"] = "".into()),
    ("htu a list", Refused, |_, claims| claims["htu"] = json!([claims["htu"]])),
    ("htu without a host", Refused, |_, claims| edit(claims, "htu", |htu| after_origin(htu).to_owned())),
    ("another path", Refused, |_, claims| edit(claims, "htu", |htu| format!("{htu}x"))),
    ("a slash at its end", Refused, |_, claims| edit(claims, "htu", |htu| format!("{htu}/"))),
    ("only the origin", Refused, |_, claims| edit(claims, "htu", |htu| htu.replace(after_origin(htu), ""))),
    ("another host", Refused, |_, claims| edit(claims, "htu", |htu| htu.replace("localhost", "127.0.0.1"))),
    ("a longer host", Refused, |_, claims| edit(claims, "htu", |htu| htu.replace("localhost", "localhost.evil"))),
    ("another port", Refused, |_, claims| {
        edit(claims, "htu", |htu| format!("https://localhost:1{}", after_origin(htu)))
    }),
    ("no port", Refused, |_, claims| edit(claims, "htu", |htu| format!("https://localhost{}", after_origin(htu)))),
    ("no TLS", Refused, |_, claims| edit(claims, "htu", |htu| htu.replace("https:", "http:"))),
    ("a user", Refused, |_, claims| edit(claims, "htu", |htu| htu.replace("localhost", "user@localhost"))),
    ("a query", Taken, |_, claims| edit(claims, "htu", |htu| format!("{htu}?a=b"))),
    ("a fragment", Taken, |_, claims| edit(claims, "htu", |htu| format!("{htu}#a"))),
    ("other capitals", Taken, |_, claims| edit(claims, "htu", |htu| htu.replace("https://local", "HTTPS://LOCAL"))),
    ("an escape", Taken, |_, claims| edit(claims, "htu", escaped_end)),
    ("dots", Taken, |_, claims| {
        edit(claims, "htu", |htu| htu.replace(after_origin(htu), &format!("/x/..{}", after_origin(htu))))
    }),
];

const TIME_AND_NAME: &[Case] = &[
    ("iat missing", Refused, |_, claims| remove(claims, "iat")),
    ("iat a text", Refused, |_, claims| claims["iat"] = claims["iat"].to_string().into()),
    ("iat long ago", Refused, |_, claims| claims["iat"] = 0.into()),
    ("iat beyond all time", Refused, |_, claims| claims["iat"] = i64::MAX.into()),
    ("iat 61 s old", Refused, |_, claims| move_to(claims, "iat", -61)),
    ("iat 61 s ahead", Refused, |_, claims| move_to(claims, "iat", 61)),
    ("iat 59 s old", Taken, |_, claims| move_to(claims, "iat", -59)),
    ("iat 10 s ahead", Taken, |_, claims| move_to(claims, "iat", 10)),
    ("an end that has passed", Refused, |_, claims| move_to(claims, "exp", -1)),
    ("an end to come", Taken, |_, claims| move_to(claims, "exp", 1)),
    ("a beginning to come", Refused, |_, claims| move_to(claims, "nbf", 61)),
    ("jti missing", Refused, |_, claims| remove(claims, "jti")),
    ("jti empty", Refused, |_, claims| claims["jti"] = "".into()),
    ("jti a number", Refused, |_, claims| claims["jti"] = 7.into()),
    ("jti of 257 characters", Refused, |_, claims| edit(claims, "jti", |jti| format!("{jti:a<257}"))),
    ("jti of 256 characters", Taken, |_, claims| edit(claims, "jti", |jti| format!("{jti:a<256}"))),
    ("a claim that nobody knows", Taken, |_, claims| claims["urn:x"] = true.into()),
];

/// What is wrong with any token, by each algorithm.
#[tokio::test]
async fn a_spoilt_proof_is_refused_everywhere() {
    let bank = TestBank::new().await;
    let mut scene = Scene::new(bank, FapiSetup::default()).await;
    for alg in Alg::ALL {
        scene = Scene::new(scene.bank, FapiSetup { alg, ..FapiSetup::default() }).await;
        for place in Place::ALL {
            for defect in Defect::ALL {
                let proof = scene.draft(place).spoilt(defect);
                assert_eq!(scene.show(place, &[&proof]).await, place.refuses(), "{alg} {place:?} {defect:?}");
            }
            let good = scene.draft(place).sign();
            assert_eq!(scene.show(place, &[&good]).await, place.accepts(), "{alg} {place:?}");
        }
    }
}

#[tokio::test]
async fn each_part_of_a_proof_counts_everywhere() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    for place in Place::ALL {
        for (case, fate, change) in [HEADERS, METHOD_AND_ADDRESS, TIME_AND_NAME].concat() {
            let proof = scene.draft(place).changed(change).sign();
            let expected = match fate {
                Refused => place.refuses(),
                Taken => place.accepts(),
            };
            assert_eq!(scene.show(place, &[&proof]).await, expected, "{place:?}: {case}");
        }
    }
}

/// RFC 9449 4.3, check 1: there is one header with one proof. Where the tokens are bound there is no answer without one.
#[tokio::test]
async fn there_is_one_proof_neither_more_nor_less() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    for place in Place::ALL {
        let good = || scene.draft(place).sign();
        let same = good();
        let long = scene.draft(place).changed(|_, claims| claims["urn:x"] = "a".repeat(10_000).into()).sign();
        for (case, proofs) in [
            ("two headers", vec![good(), good()]),
            ("the same twice", vec![same.clone(), same]),
            ("two in one header", vec![format!("{}, {}", good(), good())]),
            ("a good one and an empty one", vec![good(), String::new()]),
            ("an empty one", vec![String::new()]),
            ("no token", vec!["proof".to_owned()]),
            ("a scheme before it", vec![format!("DPoP {}", good())]),
            ("too long", vec![long]),
        ] {
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            assert_eq!(scene.show(place, &proofs).await, place.refuses(), "{place:?}: {case}");
        }
        // RFC 9449 10.1: only what is given must be bound, and a pushed request gives nothing yet.
        let without = if place == Place::Push { place.accepts() } else { place.refuses() };
        assert_eq!(scene.show(place, &[]).await, without, "{place:?}");
        assert_eq!(scene.show(place, &[&good()]).await, place.accepts(), "{place:?}");
    }
}

/// RFC 9449 4.3, check 12; where tokens are asked for there is none yet that `ath` could name.
#[tokio::test]
async fn at_the_api_a_proof_is_for_the_token_beside_it() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    let another = scene.app.connect(&scene.bank, "amelia", "accounts:read").await;
    let hash = token_hash(&scene.tokens.access);
    for (case, ath) in [
        ("missing", None),
        ("empty", Some(json!(""))),
        ("of another token of the same app", Some(json!(token_hash(&another.access)))),
        ("of the refresh token", Some(json!(token_hash(&scene.tokens.refresh)))),
        ("the token itself", Some(json!(scene.tokens.access))),
        ("with padding", Some(json!(format!("{hash}=")))),
        ("cut short", Some(json!(hash[..42]))),
        ("a list", Some(json!([hash]))),
    ] {
        let draft = scene.draft(Place::Api).without("ath");
        let proof = draft.changed(|_, claims| ath.into_iter().for_each(|ath| claims["ath"] = ath)).sign();
        assert_eq!(scene.show(Place::Api, &[&proof]).await, "401 invalid_dpop_proof", "{case}");
    }
    for place in [Place::Push, Place::Token] {
        let proof = scene.draft(place).changed(|_, claims| claims["ath"] = "abc".into()).sign();
        assert_eq!(scene.show(place, &[&proof]).await, place.accepts(), "{place:?}");
    }
}

/// RFC 9449 9: a proof is for one address and one method, also among those of the bank.
#[tokio::test]
async fn a_proof_for_one_place_is_none_for_another() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    for made in Place::ALL {
        for shown in Place::ALL.into_iter().filter(|shown| *shown != made) {
            let ath = token_hash(&scene.tokens.access);
            let proof = scene.draft(made).changed(|_, claims| claims["ath"] = ath.into()).sign();
            assert_eq!(scene.show(shown, &[&proof]).await, shown.refuses(), "{made:?} at {shown:?}");
        }
    }
}

/// RFC 9449 4.3: a port that goes without saying may be said. Only a bank without a port in its address can show this.
#[tokio::test]
async fn the_default_port_may_be_named_or_not() {
    let scene = Scene::new(TestBank::new().await, FapiSetup::default()).await;
    let node = scene.bank.another_node_with(|policy| policy.issuer = "https://localhost".to_owned()).await;
    for (htu, expected) in [
        ("https://localhost/token", "200"),
        ("https://localhost:443/token", "200"),
        ("https://localhost:/token", "200"),
        ("HTTPS://LOCALHOST:443/token", "200"),
        ("https://localhost:80/token", "400 invalid_dpop_proof"),
        ("https://localhost:4430/token", "400 invalid_dpop_proof"),
        ("http://localhost:443/token", "400 invalid_dpop_proof"),
        (scene.app.endpoint("token_endpoint").as_str(), "400 invalid_dpop_proof"),
    ] {
        let mut app = scene.app.clone();
        app.issuer = "https://localhost".to_owned();
        let proof = app.proof("POST", htu, None, None);
        let form = app.form(&[("grant_type", "refresh_token"), ("refresh_token", &scene.tokens.refresh)]);
        let answer = Answer::of(app.send(&node.url("/token"), &form, &[("dpop", &proof)]).await).await;
        let found = format!("{} {}", answer.status, answer.code());
        assert_eq!(found.trim(), expected, "{htu}");
    }
}

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name).unwrap();
}

fn edit(claims: &mut Value, name: &str, change: impl FnOnce(&str) -> String) {
    let before = claims[name].as_str().unwrap().to_owned();
    let after = change(&before);
    assert_ne!(before, after, "{name} is not changed");
    claims[name] = after.into();
}

/// Gives a claim a time that is so many seconds after the present, at which proofs are made.
fn move_to(claims: &mut Value, name: &str, seconds: i64) {
    claims[name] = (claims["iat"].as_i64().unwrap() + seconds).into();
}

/// Path, query and fragment of an address.
fn after_origin(url: &str) -> &str {
    let host = url.find("//").unwrap() + 2;
    &url[host + url[host..].find('/').unwrap()..]
}

/// The address with its last letter written as an escape.
fn escaped_end(url: &str) -> String {
    let (rest, last) = url.split_at(url.len() - 1);
    format!("{rest}%{:02x}", last.as_bytes()[0])
}
