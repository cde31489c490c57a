//! The page on which a customer allows or denies.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lombard_auth::login::{Interrupted, SignedIn};
use lombard_auth::oauth::authorize::{Decision, Question};
use lombard_domain::oauth::WebUri;

use super::form::{self, Cookies};
use super::pages::{AccountLine, AppCard, ConsentPage, NO_ACCOUNT_TICKED, Purpose, Window, permission_lines};
use super::{reply, words};
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// `GET /interaction/{id}/consent`
pub(super) async fn show(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let cookies = Cookies::read(request.headers());
    let signed_in = match app.auth.signed_in(&id, cookies.session.as_deref()).await {
        Ok(signed_in) => signed_in,
        Err(why) => return reply::interrupted(&app, call.as_str(), &base(&id), why),
    };
    render(&app, &call, &id, &cookies, &signed_in, None).await
}

/// `POST /interaction/{id}/consent`
pub(super) async fn answer(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let (cookies, params) = match form::read(&app, call.as_str(), &id, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let signed_in = match app.auth.signed_in(&id, cookies.session.as_deref()).await {
        Ok(signed_in) => signed_in,
        Err(why) => return reply::interrupted(&app, call.as_str(), &base(&id), why),
    };
    let decision = match params.get("decision") {
        Ok(Some("allow")) => Decision::Allow(params.all("account").map(str::to_owned).collect()),
        Ok(Some("deny")) => Decision::Deny,
        Ok(_) | Err(_) => return reply::stale_form(&app, call.as_str()),
    };
    match app.auth.decide(call.call(), &signed_in, decision).await {
        Ok(back) => reply::see_other(&back.location),
        Err(Interrupted::SomebodyElse) => turn_back(&app, &call, &id, &signed_in).await,
        Err(Interrupted::NoAccount) => render(&app, &call, &id, &cookies, &signed_in, Some(NO_ACCOUNT_TICKED)).await,
        Err(why) => reply::interrupted(&app, call.as_str(), &base(&id), why),
    }
}

/// `POST /interaction/{id}/cancel`
pub(super) async fn cancel(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let (cookies, _) = match form::read(&app, call.as_str(), &id, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let gone = match app.auth.on_the_way(&id, &cookies.known()).await {
        Ok(on_the_way) => app.auth.cancel(call.call(), &on_the_way).await,
        Err(why) => Err(why),
    };
    match gone {
        Ok(Some(back)) => reply::see_other(&back.location),
        Ok(None) => reply::see_other("/"),
        Err(why) => reply::interrupted(&app, call.as_str(), &base(&id), why),
    }
}

/// The app expected another customer, and is told so.
async fn turn_back(app: &App, call: &InteractionId, id: &str, signed_in: &SignedIn) -> Response {
    match app.auth.turn_somebody_else_back(call.call(), signed_in).await {
        Ok(back) => reply::see_other(&back.location),
        Err(why) => reply::interrupted(app, call.as_str(), &base(id), why),
    }
}

async fn render(
    app: &App,
    call: &InteractionId,
    id: &str,
    cookies: &Cookies,
    signed_in: &SignedIn,
    error: Option<&str>,
) -> Response {
    let question = match app.auth.question(signed_in).await {
        Ok(question) => question,
        Err(Interrupted::SomebodyElse) => return turn_back(app, call, id, signed_in).await,
        Err(why) => return reply::interrupted(app, call.as_str(), &base(id), why),
    };
    let csrf = app.auth.csrf_token(cookies.session.as_deref().unwrap_or_default(), id);
    let until = question.terms.expires_at.map(|end| words::day(end.date()));
    let host = question.client.metadata.client_uri.as_ref().and_then(WebUri::host);
    let page = ConsentPage {
        frame: app.frame(),
        purpose: if question.terms.permissions.is_empty() { Purpose::SignIn } else { Purpose::Accounts },
        app: AppCard {
            name: question.client.metadata.client_name.as_str(),
            host: host.as_deref(),
            client_id: &question.client.id.to_string(),
            registered_since: &words::day(question.client.created_at.date()),
        },
        customer: Some(&question.customer_name),
        action: &format!("{}/consent", base(id)),
        cancel_action: &format!("{}/cancel", base(id)),
        csrf: &csrf,
        permissions: permission_lines(&words::asked(&question.request)),
        window: window(&question),
        until: until.as_deref(),
        dashboard: &format!("{}/my/consents", app.auth.policy().issuer.trim_start_matches("https://")),
        accounts: accounts(&question, error.is_none()),
        error,
    };
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    reply::page_for(status, &page, Some(&question.request.redirect_uri))
}

/// All are ticked at first; once the customer has unticked them, nobody ticks them again.
fn accounts(question: &Question, checked: bool) -> Vec<AccountLine> {
    let lines = question.accounts.iter().map(|account| AccountLine {
        id: account.id.to_string(),
        nickname: account.nickname.clone().unwrap_or_else(|| words::kind(account.kind).to_owned()),
        kind: words::kind(account.kind).to_owned(),
        identification: words::ending(&account.masked),
        holder: words::holder(account).map(str::to_owned),
        checked,
    });
    lines.collect()
}

fn window(question: &Question) -> Option<Window> {
    let window = question.terms.window;
    let reads = question.terms.permissions.has(lombard_domain::permission::Permission::TransactionsBasic);
    let bounded = window.from.is_some() || window.to.is_some();
    let day = |at: lombard_domain::time::Instant| words::day(at.date());
    (reads && bounded).then(|| Window { from: window.from.map(day), to: window.to.map(day) })
}

fn base(id: &str) -> String {
    format!("/interaction/{id}")
}
