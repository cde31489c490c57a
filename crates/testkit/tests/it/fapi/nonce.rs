//! Nonces of the server in proofs (RFC 9449 8, 9): asked for where the policy says so, and the same at every node.

use lombard_auth::Policy;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{FapiApp, FapiSetup, Fields, Nonces, token_hash};
use lombard_testkit::{Answer, Engine, TestBank, Tokens, example_folder, random_text};
use reqwest::Method;
use serde_json::{Value, json};

use super::dpop::{Place, error_of, verdict};

/// How long a nonce is good by itself; it is taken for as long again.
const LIFE: Span = Span::minutes(1);

/// A bank that wants nonces, an app that remembers none, and a customer's tokens.
struct Scene {
    bank: TestBank,
    app: FapiApp,
    tokens: Tokens,
}

impl Scene {
    async fn on(engine: Engine) -> Self {
        let with_nonces = |policy: &mut Policy| policy.dpop_nonce_life = Some(LIFE);
        let bank = TestBank::with(engine, &example_folder(), with_nonces).await;
        let mut app = FapiApp::register(&bank, FapiSetup::default()).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read").await;
        app.nonces = Nonces::Ignore;
        Self { bank, app, tokens }
    }

    /// A form for a place, with an assertion that has not been used.
    fn form(&self, place: Place) -> Fields {
        match place {
            Place::Api => Vec::new(),
            Place::Push => self.app.push_form(&self.app.wanted("accounts:read")),
            Place::Token => self.app.form(&[("grant_type", "refresh_token"), ("refresh_token", &self.tokens.refresh)]),
        }
    }

    /// A proof with these claims beside the usual ones.
    fn proof(&self, place: Place, more: &Value) -> String {
        let draft = self.app.proof_draft(place.method(), &place.url(&self.app));
        let proof = draft.changed(|_, claims| {
            claims["ath"] = token_hash(&self.tokens.access).into();
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        });
        proof.sign()
    }

    /// Calls a place with a proof; `form` goes along where there are forms.
    async fn call(&self, place: Place, form: &Fields, proof: &str) -> Answer {
        let url = place.url(&self.app);
        if place == Place::Api {
            let authorization = format!("DPoP {}", self.tokens.access);
            let headers = [("authorization", authorization), ("dpop", proof.to_owned())];
            return Answer::of(self.app.call_with(Method::GET, &url, &headers).await).await;
        }
        Answer::of(self.app.send(&url, form, &[("dpop", proof)]).await).await
    }

    /// Calls a place with a proof that has this nonce.
    async fn with_nonce(&self, place: Place, nonce: &str) -> Answer {
        self.call(place, &self.form(place), &self.proof(place, &json!({"nonce": nonce}))).await
    }

    /// The nonce that the bank gives at this moment.
    fn current(&self) -> String {
        self.bank.auth.dpop_nonce().unwrap()
    }
}

/// Status and code of an answer; whatever it is, it tells the nonce of this moment.
fn outcome(scene: &Scene, place: Place, answer: &Answer) -> String {
    assert_eq!(answer.header("dpop-nonce"), scene.current(), "RFC 9449 8.2: {answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store", "RFC 9449 8.1: {answer:?}");
    match (place, answer.status) {
        (Place::Api, _) => verdict(answer),
        (Place::Push | Place::Token, 200 | 201) => answer.status.to_string(),
        (Place::Push | Place::Token, status) => format!("{status} {}", answer.code()),
    }
}

fn accepts(place: Place) -> &'static str {
    if place == Place::Push { "201" } else { "200" }
}

/// RFC 9449 8 and 9: 400 where tokens are asked for, 401 where they are used.
fn asks(place: Place) -> &'static str {
    if place == Place::Api { "401 use_dpop_nonce" } else { "400 use_dpop_nonce" }
}

fn refuses(place: Place) -> &'static str {
    if place == Place::Api { "401 invalid_dpop_proof" } else { "400 invalid_dpop_proof" }
}

#[tokio::test]
async fn a_proof_needs_a_nonce_of_this_bank() {
    let scene = Scene::on(Engine::Sqlite).await;
    for place in Place::ALL {
        let current = scene.current();
        for (case, claims, expected) in [
            ("missing", json!({}), asks(place)),
            ("somebody else's", json!({"nonce": random_text()}), asks(place)),
            ("longer", json!({"nonce": format!("{current}A")}), asks(place)),
            ("shorter", json!({"nonce": current[..42]}), asks(place)),
            ("in capitals", json!({"nonce": current.to_uppercase()}), asks(place)),
            ("256 characters", json!({"nonce": "a".repeat(256)}), asks(place)),
            ("empty, which RFC 9449 8.1 does not allow", json!({"nonce": ""}), refuses(place)),
            ("more than any nonce has", json!({"nonce": "a".repeat(257)}), refuses(place)),
            ("a list", json!({"nonce": [current]}), refuses(place)),
            ("good, in a proof that is not", json!({"nonce": current, "htm": "PUT"}), refuses(place)),
            ("missing, in a proof that is not good", json!({"htm": "PUT"}), refuses(place)),
            ("good", json!({"nonce": current}), accepts(place)),
        ] {
            let answer = scene.call(place, &scene.form(place), &scene.proof(place, &claims)).await;
            assert_eq!(outcome(&scene, place, &answer), expected, "{place:?}: {case}");
        }
        // A nonce is no name: it may come again, a proof may not.
        let proof = scene.proof(place, &json!({"nonce": current}));
        for expected in [accepts(place), refuses(place)] {
            let answer = scene.call(place, &scene.form(place), &proof).await;
            assert_eq!(outcome(&scene, place, &answer), expected, "{place:?}");
        }
    }
}

#[tokio::test]
async fn a_nonce_is_good_during_its_life_and_the_next() {
    let scene = Scene::on(Engine::Sqlite).await;
    // Noon, at which the clock of a new bank stands, is the beginning of a life. The API comes first, while the token lives.
    for place in [Place::Api, Place::Push, Place::Token] {
        let nonce = scene.current();
        scene.bank.clock.advance(Span::seconds(59));
        assert_eq!(scene.current(), nonce);
        assert_eq!(outcome(&scene, place, &scene.with_nonce(place, &nonce).await), accepts(place));
        scene.bank.clock.advance(Span::seconds(1));
        assert_ne!(scene.current(), nonce, "{place:?}");
        assert_eq!(outcome(&scene, place, &scene.with_nonce(place, &nonce).await), accepts(place), "the previous one");
        scene.bank.clock.advance(Span::seconds(59));
        assert_eq!(outcome(&scene, place, &scene.with_nonce(place, &nonce).await), accepts(place), "its last second");
        scene.bank.clock.advance(Span::seconds(1));
        assert_eq!(outcome(&scene, place, &scene.with_nonce(place, &nonce).await), asks(place), "stale");
        assert_eq!(outcome(&scene, place, &scene.with_nonce(place, &scene.current()).await), accepts(place));
    }
}

/// Who is asked for a nonce comes back with the same assertion (RFC 9449 8); once it has been answered it is used up.
#[tokio::test]
async fn a_question_for_a_nonce_costs_nothing() {
    for engine in Engine::ALL {
        let scene = Scene::on(engine).await;
        for place in [Place::Push, Place::Token] {
            let form = scene.form(place);
            let asked = scene.call(place, &form, &scene.proof(place, &json!({}))).await;
            assert_eq!(outcome(&scene, place, &asked), "400 use_dpop_nonce", "{engine:?} {place:?}");
            let nonce = asked.header("dpop-nonce");
            let answered = scene.call(place, &form, &scene.proof(place, &json!({"nonce": nonce}))).await;
            assert_eq!(outcome(&scene, place, &answered), accepts(place), "{engine:?} {place:?}");
            let again = scene.call(place, &form, &scene.proof(place, &json!({"nonce": nonce}))).await;
            assert_eq!(outcome(&scene, place, &again), "401 invalid_client", "{engine:?} {place:?}");
        }
    }
}

/// A code is not used up either by who is asked for a nonce.
#[tokio::test]
async fn a_code_is_redeemed_after_the_question() {
    let scene = Scene::on(Engine::Sqlite).await;
    let mut app = scene.app.clone();
    app.nonces = Nonces::Follow;
    let wanted = app.wanted("accounts:read");
    let code = app.consent(&scene.bank, "amelia", &wanted).await;
    let form = app.redeem_form(&code, &wanted);
    let asked = scene.call(Place::Token, &form, &scene.proof(Place::Token, &json!({}))).await;
    assert_eq!(outcome(&scene, Place::Token, &asked), "400 use_dpop_nonce");
    let proof = scene.proof(Place::Token, &json!({"nonce": asked.header("dpop-nonce")}));
    assert_eq!(outcome(&scene, Place::Token, &scene.call(Place::Token, &form, &proof).await), "200");
}

#[tokio::test]
async fn all_nodes_have_the_same_nonces_and_other_banks_have_others() {
    for engine in Engine::ALL {
        let scene = Scene::on(engine).await;
        let node = scene.bank.another_node().await;
        let nonce = scene.current();
        assert_eq!(node.auth.dpop_nonce().as_ref(), Some(&nonce), "{engine:?}");
        for place in Place::ALL {
            let url = node.url(&place.url(&scene.app).replace(&scene.bank.issuer, ""));
            let proof = scene.proof(place, &json!({"nonce": nonce}));
            let answer = match place {
                Place::Api => {
                    let headers = [("authorization", format!("DPoP {}", scene.tokens.access)), ("dpop", proof)];
                    scene.app.call_with(Method::GET, &url, &headers).await
                }
                Place::Push | Place::Token => scene.app.send(&url, &scene.form(place), &[("dpop", &proof)]).await,
            };
            assert_eq!(outcome(&scene, place, &Answer::of(answer).await), accepts(place), "{engine:?} {place:?}");
        }
        let stranger = Scene::on(engine).await;
        assert_ne!(stranger.current(), nonce, "{engine:?}: at the same time");
        let answer = scene.with_nonce(Place::Token, &stranger.current()).await;
        assert_eq!(outcome(&scene, Place::Token, &answer), "400 use_dpop_nonce", "{engine:?}");
    }
}

/// The question is one of the proof's kind: the client is known, and no other reason is given beside it.
#[tokio::test]
async fn the_question_is_asked_in_the_words_of_the_standard() {
    let scene = Scene::on(Engine::Sqlite).await;
    let at_api = scene.call(Place::Api, &Vec::new(), &scene.proof(Place::Api, &json!({}))).await;
    assert_eq!(error_of(at_api.header("www-authenticate")), "use_dpop_nonce");
    assert_eq!(at_api.header("dpop-nonce").len(), 43);
    let at_token = scene.call(Place::Token, &scene.form(Place::Token), &scene.proof(Place::Token, &json!({}))).await;
    assert_eq!(at_token.header("www-authenticate"), "", "RFC 9449 8: a 400 has none");
    assert!(at_token.json()["error_description"].is_string());

    // Who is not the client it says is told so, and not what a proof would need.
    let mut form = scene.form(Place::Token);
    form.retain(|(name, _)| name != "client_assertion");
    form.push(("client_assertion".to_owned(), scene.app.assertion_draft().spoilt(lombard_testkit::Defect::ForeignKey)));
    let stranger = scene.call(Place::Token, &form, &scene.proof(Place::Token, &json!({}))).await;
    assert_eq!(outcome(&scene, Place::Token, &stranger), "401 invalid_client");

    // A pushed request need not come with a proof, and then there is nothing that needs a nonce.
    let pushed = scene.app.push(&scene.form(Place::Push), &[]).await;
    assert_eq!(pushed.status(), 201);
    assert!(!pushed.headers().contains_key("dpop-nonce"));
}

#[tokio::test]
async fn without_the_policy_nobody_is_asked_and_nobody_is_told() {
    let bank = TestBank::new().await;
    let app = FapiApp::register(&bank, FapiSetup::default()).await;
    let tokens = app.connect(&bank, "amelia", "accounts:read").await;
    assert_eq!(bank.auth.dpop_nonce(), None);
    let scene = Scene { bank, app, tokens };
    for place in Place::ALL {
        for claims in [json!({}), json!({"nonce": "anything"}), json!({"nonce": random_text()})] {
            let answer = scene.call(place, &scene.form(place), &scene.proof(place, &claims)).await;
            assert_eq!(answer.status.to_string(), accepts(place), "{place:?} {claims}");
            assert!(!answer.headers.contains_key("dpop-nonce"), "{answer:?}");
        }
    }
    assert_eq!(scene.app.remembered_nonce(&scene.bank.issuer), None);
}
