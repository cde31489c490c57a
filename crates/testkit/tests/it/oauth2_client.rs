//! The whole story with an OAuth client library that knows nothing of this server but its discovery document.

use lombard_testkit::{App, Engine, TestBank};
use oauth2::basic::{BasicClient, BasicTokenType};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IntrospectionUrl,
    PkceCodeChallenge, RedirectUrl, RevocationUrl, Scope, StandardRevocableToken, TokenIntrospectionResponse as _,
    TokenResponse as _, TokenUrl,
};
use reqwest::StatusCode;
use serde_json::Value;

/// The library brings an older HTTP client; this one trusts the test's certificate.
async fn send(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = oauth2::http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    Ok(answer.body(response.bytes().await?.to_vec()).expect("a response"))
}

#[tokio::test]
async fn an_independent_client_library_gets_and_uses_and_gives_back_tokens() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let discovery = bank.http().get(bank.url("/.well-known/oauth-authorization-server")).send().await.unwrap();
        let discovery: Value = discovery.json().await.unwrap();
        let endpoint = |name: &str| discovery[name].as_str().unwrap().to_owned();
        let client = BasicClient::new(ClientId::new(app.id.clone()))
            .set_client_secret(ClientSecret::new(app.secret.clone()))
            .set_auth_uri(AuthUrl::new(endpoint("authorization_endpoint")).unwrap())
            .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).unwrap())
            .set_redirect_uri(RedirectUrl::new(app.redirect_uri.clone()).unwrap())
            .set_introspection_url(IntrospectionUrl::new(endpoint("introspection_endpoint")).unwrap())
            .set_revocation_url(RevocationUrl::new(endpoint("revocation_endpoint")).unwrap());
        let http = |request| send(&app.http, request);

        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(["accounts:read", "balances:read"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let browser = bank.browser();
        let page = browser.sign_in(&browser.open(url.as_str()).await, "amelia").await;
        let back = browser.submit(&page, &[], "consent-allow").await;
        assert_eq!(back.parameter("state").as_ref(), Some(state.secret()));
        assert_eq!(back.parameter("iss").unwrap(), bank.issuer);

        let code = AuthorizationCode::new(back.parameter("code").unwrap());
        let first = client.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await.unwrap();
        assert_eq!(*first.token_type(), BasicTokenType::Bearer);
        assert!(first.expires_in().unwrap().as_secs() <= 600);
        assert_eq!(
            app.read("/accounts", first.access_token().secret()).await["Data"]["Account"].as_array().unwrap().len(),
            3
        );

        let refresh = first.refresh_token().unwrap().clone();
        let second = client.exchange_refresh_token(&refresh).request_async(&http).await.unwrap();
        assert_ne!(second.access_token().secret(), first.access_token().secret());
        app.read("/accounts", second.access_token().secret()).await;

        let known = client.introspect(second.access_token()).request_async(&http).await.unwrap();
        assert!(known.active());
        assert_eq!(known.client_id().unwrap().as_str(), app.id);
        assert_eq!(
            known.scopes().unwrap().iter().map(|s| s.as_str()).collect::<Vec<_>>(),
            ["accounts:read", "balances:read"]
        );

        client
            .revoke_token(StandardRevocableToken::RefreshToken(refresh.clone()))
            .unwrap()
            .request_async(&http)
            .await
            .unwrap();
        assert!(!client.introspect(second.access_token()).request_async(&http).await.unwrap().active());
        assert_eq!(app.get("/accounts", second.access_token().secret()).await.status(), StatusCode::UNAUTHORIZED);
        client.exchange_refresh_token(&refresh).request_async(&http).await.unwrap_err();
    }
}
