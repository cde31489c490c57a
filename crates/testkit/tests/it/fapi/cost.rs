//! What is another's costs what is not there costs: the same status, the same body, the same statements in the database.

use lombard_domain::oauth::ClientStatus;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, Fields, changed};
use lombard_testkit::{Answer, Authority, Defect, Engine, Purpose, TestBank, TestKey, random_text};
use reqwest::Method;

use super::endpoint::Endpoint;

/// An answer, and how many statements it took.
type Told = (Answer, u64);

async fn told(bank: &TestBank, call: impl Future<Output = Answer>) -> Told {
    let before = bank.db.statements();
    let answer = call.await;
    (answer.comparable(), bank.db.statements() - before)
}

/// All of them must be one and the same refusal.
fn alike(engine: Engine, what: &str, refusal: (u16, &str), all: &[Told]) {
    let (first, rest) = all.split_first().expect("an answer");
    assert_eq!((first.0.status, first.0.code().as_str()), refusal, "{engine:?}, {what}: {}", first.0.text);
    for (number, other) in rest.iter().enumerate() {
        assert_eq!(other, first, "{engine:?}, {what}: number {} is told from the first", number + 2);
    }
    assert!(first.1 > 0, "{what}: nothing was looked for");
}

/// The app, in the place of one that is not there.
fn nobody(app: &FapiApp) -> FapiApp {
    let mut app = app.clone();
    app.id = "cli_00000000000000000000000001".to_owned();
    app
}

#[tokio::test]
async fn an_app_that_is_not_there_is_refused_like_one_that_cannot_prove_itself() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let certificate = |auth| FapiSetup { auth, binding: BindingKind::Certificate, ..FapiSetup::default() };
        let secret = (ClientAuth::Secret, BindingKind::None, "baseline");
        let (auth, binding, profile) = secret;
        let signing = FapiApp::register(&bank, FapiSetup::default()).await;
        let knowing = FapiApp::register(&bank, FapiSetup { auth, binding, profile, ..FapiSetup::default() }).await;
        let showing = FapiApp::register(&bank, certificate(ClientAuth::TlsClientAuth)).await;
        let own = FapiApp::register(&bank, certificate(ClientAuth::SelfSigned)).await;
        let foreign = TestKey::new(signing.setup.alg, Purpose::Foreign);
        let foreign = Authority::new("foreign").issue(&showing.subject, &foreign);
        for endpoint in Endpoint::ALL {
            let refusal = (401, "invalid_client");
            let call = async |app: &FapiApp, fields: Fields| told(&bank, endpoint.call(app, fields)).await;
            let spoilt = |app: &FapiApp| app.credentials_by(&app.assertion_draft().spoilt(Defect::ForeignKey));
            let assertions = [
                call(&signing, nobody(&signing).credentials()).await,
                call(&signing, spoilt(&signing)).await,
                call(&signing, spoilt(&nobody(&signing))).await,
                call(&signing, knowing.credentials_by(&knowing.assertion())).await,
            ];
            alike(engine, &format!("{endpoint:?} by an assertion"), refusal, &assertions);
            let wrong = |app: &FapiApp| changed(app.credentials(), &[("client_secret", Some("wrong"))]);
            let secrets = [
                call(&knowing, nobody(&knowing).credentials()).await,
                call(&knowing, wrong(&knowing)).await,
                call(&knowing, wrong(&nobody(&knowing))).await,
            ];
            alike(engine, &format!("{endpoint:?} by a secret"), refusal, &secrets);
            let stranger = showing.with_certificate(&foreign);
            let certificates = [
                call(&stranger, nobody(&showing).credentials()).await,
                call(&stranger, showing.credentials()).await,
                call(&stranger, own.credentials()).await,
                call(&showing, nobody(&showing).credentials()).await,
            ];
            alike(engine, &format!("{endpoint:?} by a certificate"), refusal, &certificates);
        }
    }
}

/// An app with everything that it can have of a customer, and another one that asks for it.
struct Stage {
    engine: Engine,
    bank: TestBank,
    app: FapiApp,
    other: FapiApp,
}

#[tokio::test]
async fn what_another_app_has_is_refused_like_what_is_not_there() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = FapiApp::register(&bank, FapiSetup::default()).await;
        let other = FapiApp::register(&bank, FapiSetup::default()).await;
        let stage = Stage { engine, bank, app, other };
        stage.codes().await;
        stage.tokens().await;
        stage.request_uris().await;
        stage.grants().await;
        stage.accounts().await;
        stage.clients().await;
    }
}

impl Stage {
    async fn codes(&self) {
        let wanted = self.app.wanted("accounts:read");
        let code = self.app.consent(&self.bank, "amelia", &wanted).await;
        let redeem = async |app: &FapiApp, code: &str| {
            told(&self.bank, async { Answer::of(app.redeem(code, &wanted).await).await }).await
        };
        let fresh = redeem(&self.other, &code).await;
        let unknown = redeem(&self.other, &random_text()).await;
        assert_eq!(redeem(&self.app, &code).await.0.status, 200, "another app has used it up");
        let used = redeem(&self.other, &code).await;
        alike(self.engine, "a code", (400, "invalid_grant"), &[fresh, unknown, used]);
    }

    async fn tokens(&self) {
        let tokens = self.app.connect(&self.bank, "amelia", "accounts:read").await;
        let ended = self.app.connect(&self.bank, "amelia", "accounts:read").await;
        assert_eq!(self.app.revoke(&ended.refresh).await.status(), 200);
        let unknown = random_text();
        let three = [&tokens.refresh, &unknown, &ended.refresh];
        let mut refreshed = Vec::new();
        let mut worth = Vec::new();
        let mut revoked = Vec::new();
        for token in three {
            let other = &self.other;
            refreshed.push(told(&self.bank, async { Answer::of(other.refresh(token).await).await }).await);
            let introspected = async { Answer::of(other.introspect_as(token, "application/json").await).await };
            worth.push(told(&self.bank, introspected).await);
            revoked.push(told(&self.bank, async { Answer::of(other.revoke(token).await).await }).await);
        }
        alike(self.engine, "a refresh token", (400, "invalid_grant"), &refreshed);
        alike(self.engine, "what a refresh token is worth", (200, ""), &worth);
        alike(self.engine, "a refresh token revoked", (200, ""), &revoked);

        let mut worth = Vec::new();
        let mut revoked = Vec::new();
        for token in [&tokens.access, &ended.access] {
            let introspected = async { Answer::of(self.other.introspect_as(token, "application/json").await).await };
            worth.push(told(&self.bank, introspected).await);
            revoked.push(told(&self.bank, async { Answer::of(self.other.revoke(token).await).await }).await);
        }
        alike(self.engine, "what an access token is worth", (200, ""), &worth);
        alike(self.engine, "an access token revoked", (200, ""), &revoked);
        self.app.read("/accounts", &tokens.access).await;
        self.app.granted(self.app.refresh(&tokens.refresh).await).await;
    }

    async fn request_uris(&self) {
        let wanted = self.app.wanted("accounts:read");
        let pushed = self.app.pushed(&wanted).await;
        let unknown = format!("urn:ietf:params:oauth:request_uri:{}", random_text());
        let open = async |request_uri: &str| {
            let call = async {
                Answer::of(self.bank.http().get(self.other.authorize_url(request_uri)).send().await.unwrap()).await
            };
            let (answer, statements) = told(&self.bank, call).await;
            assert!(!answer.text.contains(request_uri), "{}", answer.text);
            (answer, statements)
        };
        let mut all = vec![open(&pushed).await, open(&unknown).await];
        let (browser, page) = self.app.ask_with(&self.bank, "amelia", &pushed).await;
        self.app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
        all.push(open(&pushed).await);
        // A page for the customer, who is not sent anywhere.
        alike(self.engine, "a request_uri", (400, ""), &all);
    }

    async fn grants(&self) {
        let create = [("grant_management_action", Some("create"))];
        let mut grants = Vec::new();
        for _ in 0..2 {
            let wanted = self.app.wanted("accounts:read");
            let form = self.app.push_form_of(&changed(self.app.parameters(&wanted), &create));
            let (browser, page) = self.app.ask_with(&self.bank, "amelia", &self.app.pushed_form(&form).await).await;
            let code = self.app.code(&browser.submit(&page, &[], "consent-allow").await, &wanted).await;
            let tokens = self.app.granted(self.app.redeem(&code, &wanted).await).await;
            grants.push(tokens.answer["grant_id"].as_str().unwrap().to_owned());
        }
        let scope = "grant_management_query grant_management_revoke";
        let own = self.app.own_token(scope).await;
        assert_eq!(self.app.grant(Method::DELETE, &grants[1], &own.access).await.status(), 204);
        grants.push("gra_00000000000000000000000001".to_owned());
        let token = self.other.own_token(scope).await.access;
        for method in [Method::GET, Method::DELETE] {
            let mut all = Vec::new();
            for grant in &grants {
                let call = async { Answer::of(self.other.grant(method.clone(), grant, &token).await).await };
                all.push(told(&self.bank, call).await);
            }
            alike(self.engine, &format!("{method} of a grant"), (404, "invalid_grant_id"), &all);
        }
        assert_eq!(
            self.app.grant(Method::GET, &grants[0], &own.access).await.status(),
            200,
            "another app has ended it"
        );
    }

    /// What anybody can ask about an app: at the authorization endpoint and at its registration.
    async fn clients(&self) {
        let id = self.other.id.parse().unwrap();
        assert!(self.bank.auth.set_client_status(TestBank::OPERATOR, id, ClientStatus::Suspended).await.unwrap());
        let get = async |url: String, token: &str| {
            let call = async { Answer::of(self.bank.http().get(url).bearer_auth(token).send().await.unwrap()).await };
            told(&self.bank, call).await
        };
        let nobody = nobody(&self.app);
        let mut authorize = Vec::new();
        for app in [&nobody, &self.other] {
            let parameters = app.parameters(&app.wanted("accounts:read"));
            let pairs: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            authorize.push(get(app.authorize_url_of(&pairs), "").await);
        }
        alike(self.engine, "an app that asks", (400, ""), &authorize);
        let mut registration = Vec::new();
        for (app, token) in [
            (&nobody, &self.app.registration_token),
            (&self.other, &self.app.registration_token),
            (&self.app, &self.other.registration_token),
            (&self.app, &random_text()),
        ] {
            registration.push(get(self.bank.url(&format!("/register/{}", app.id)), token).await);
        }
        alike(self.engine, "a registration", (401, "invalid_token"), &registration);
    }

    async fn accounts(&self) {
        let ids = async |app: &FapiApp, username: &str| {
            let token = app.connect(&self.bank, username, SCOPE).await.access;
            let body = app.read("/accounts", &token).await;
            let id = |account: &serde_json::Value| account["AccountId"].as_str().unwrap().to_owned();
            (token, body["Data"]["Account"].as_array().unwrap().iter().map(id).collect::<Vec<_>>())
        };
        let (_, hers) = ids(&self.app, "amelia").await;
        let (token, his) = ids(&self.app, "priya").await;
        let (not_hers, not_there) = (his.iter().find(|id| !hers.contains(id)), "acc_00000000000000000000000001");
        assert!(not_hers.is_some());
        let foreign = hers.iter().find(|id| !his.contains(id)).unwrap();
        for below in ["", "/balances", "/transactions", "/standing-orders"] {
            let mut all = Vec::new();
            for account in [foreign.as_str(), not_there] {
                let path = format!("/accounts/{account}{below}");
                let call = async { Answer::of(self.app.get(&path, &token).await).await };
                let (answer, statements) = told(&self.bank, call).await;
                let text = answer.text.replace(account, "{account}");
                all.push((Answer { text, ..answer }, statements));
            }
            let refusal = (all[0].0.status, all[0].0.code());
            assert!(refusal.0 >= 400);
            alike(self.engine, &format!("an account{below}"), (refusal.0, &refusal.1), &all);
        }
    }
}

const SCOPE: &str = "accounts:read balances:read standing-orders:read transactions:read";
