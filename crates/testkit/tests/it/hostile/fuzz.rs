//! Mutated requests over all routes, the same ones on every run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_domain::random::{self, Random};
use lombard_testkit::{Answer, App, SeededRandom, TestBank, Wanted};
use reqwest::RequestBuilder;
use serde_json::json;

use super::{NASTY, assert_alive, assert_sound};

const REQUESTS: usize = 300;
const SEED: u64 = 20_260_302;

/// Draws what a request is made of.
struct Dice(SeededRandom);

impl Dice {
    fn below(&self, end: usize) -> usize {
        let random: &dyn Random = &self.0;
        usize::try_from(u32::from_be_bytes(random::bytes(random))).unwrap() % end
    }

    fn of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Changes a text in one of the ways in which texts go wrong.
    fn mutate(&self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        let at = self.below(characters.len() + 1);
        match self.below(7) {
            0 => characters.truncate(at),
            1 => characters.insert(at, *self.of(&['\0', '%', '&', '=', '<', '"', '\'', '\u{1f4b7}', ' ', '/', '.'])),
            2 => characters.extend(text.chars().chain(text.chars())),
            3 => characters = self.of(&NASTY).chars().collect(),
            4 => characters.reverse(),
            5 => characters = text.to_uppercase().chars().collect(),
            _ => {}
        }
        characters.into_iter().collect()
    }
}

/// What requests are made from.
struct World {
    bank: TestBank,
    app: App,
    account: String,
    /// Headers that prove something.
    proofs: [String; 3],
    /// Values that mean something somewhere.
    values: [String; 5],
    dice: Dice,
}

impl World {
    async fn new() -> Self {
        let bank = TestBank::new().await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", "openid accounts:read balances:read transactions:read").await;
        let account = app.accounts(&tokens.access).await.remove(0);
        let basic = STANDARD.encode(format!("{}:{}", app.id, app.secret));
        let proofs = [
            format!("Basic {basic}"),
            format!("Bearer {}", tokens.access),
            format!("Bearer {}", app.registration_token),
        ];
        let values =
            ["authorization_code", "refresh_token", "2026-01-01T00:00:00", &tokens.refresh, "AQAGSaPFXYAAAAAAAAAAANg"];
        let values = values.map(str::to_owned);
        Self { bank, app, account, proofs, values, dice: Dice(TestBank::seeded(SEED)) }
    }

    fn form(&self) -> String {
        let dice = &self.dice;
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in Wanted::scopes("accounts:read").parameters(&self.app) {
            for _ in 0..*dice.of(&[0, 1, 1, 1, 1, 2]) {
                let name = if dice.below(9) == 0 { dice.mutate(name) } else { name.to_owned() };
                form.append_pair(&name, &dice.mutate(&value));
            }
        }
        for name in ["grant_type", "code", "refresh_token", "token", "fromBookingDateTime", "page", "csrf", "decision"]
        {
            if dice.below(3) == 0 {
                form.append_pair(name, &dice.mutate(dice.of::<String>(&self.values)));
            }
        }
        form.finish()
    }

    fn json(&self) -> String {
        let name = self.dice.mutate("App");
        let body = json!({"client_name": name, "redirect_uris": [self.dice.mutate(&self.app.redirect_uri)], "client_id": self.app.id});
        if self.dice.below(2) == 0 { body.to_string() } else { self.dice.mutate(&body.to_string()) }
    }

    /// A request, and the path that it is for.
    fn request(&self) -> (String, RequestBuilder) {
        let dice = &self.dice;
        let (method, route) = *dice.of(&lombard_http::routes());
        let method =
            if dice.below(8) == 0 { *dice.of(&["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]) } else { method };
        let id = dice.mutate(if route.starts_with("/register") { &self.app.id } else { &self.account });
        let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let path = route.replace("{account}", &id).replace("{client}", &id).replace("{id}", &id);
        let url = if dice.below(2) == 0 { format!("{path}?{}", self.form()) } else { path.clone() };
        let mut request = self.bank.http().request(method.parse().unwrap(), self.bank.url(&url));
        if dice.below(5) > 0 {
            let proof = dice.of(&self.proofs);
            let proof =
                if dice.below(4) == 0 { dice.mutate(proof).replace(char::is_control, "") } else { proof.clone() };
            request = request.header("authorization", proof);
        }
        if method != "GET" && method != "HEAD" {
            let kind = *dice.of(&["application/x-www-form-urlencoded", "application/json", "text/plain"]);
            let body = if kind == "application/json" { self.json() } else { self.form() };
            request = request.header("content-type", kind).body(body);
        }
        (path, request)
    }
}

#[tokio::test]
async fn mutated_requests_get_sound_answers() {
    let world = World::new().await;
    for turn in 0..REQUESTS {
        let (path, request) = world.request();
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_sound(&format!("request {turn} to {path}"), &path, &answer);
    }
    assert_alive(&world.bank).await;
}
