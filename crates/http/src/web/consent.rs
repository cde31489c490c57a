//! The page on which a customer allows or denies.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lombard_auth::login::{Interrupted, SignedIn, Unasked};
use lombard_auth::oauth::authorize::{Choice, Decision, Question};
use lombard_domain::consent::{Consent, Kind, Status};
use lombard_domain::permission::{ReadStatements, ReadTransactions, Right};
use lombard_domain::time::Instant;

use super::form::{self, Cookies};
use super::identity::Facts;
use super::pages::{AccountLine, CHANGED, ConsentPage, NO_ACCOUNT_TICKED, Purpose, Renewal, Window, permission_lines};
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
        Ok(Some("allow")) => Decision::Allow(Choice {
            accounts: params.all("account").map(str::to_owned).collect(),
            stamp: params.get("question").ok().flatten().unwrap_or_default().to_owned(),
        }),
        Ok(Some("deny")) => Decision::Deny,
        Ok(_) | Err(_) => return reply::stale_form(&app, call.as_str()),
    };
    match app.auth.decide(call.call(), &signed_in, decision).await {
        Ok(back) => reply::see_other(&back.location),
        Err(Interrupted::Unasked(why)) => turn_back(&app, &call, &id, &signed_in, why).await,
        Err(Interrupted::NoAccount) => render(&app, &call, &id, &cookies, &signed_in, Some(NO_ACCOUNT_TICKED)).await,
        Err(Interrupted::Changed) => render(&app, &call, &id, &cookies, &signed_in, Some(CHANGED)).await,
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

/// There is nothing to ask this customer, and the app is told so.
async fn turn_back(app: &App, call: &InteractionId, id: &str, signed_in: &SignedIn, why: Unasked) -> Response {
    match app.auth.turn_unasked_back(call.call(), signed_in, why).await {
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
        Err(Interrupted::Unasked(why)) => return turn_back(app, call, id, signed_in, why).await,
        Err(why) => return reply::interrupted(app, call.as_str(), &base(id), why),
    };
    let csrf = app.auth.csrf_token(cookies.session.as_deref().unwrap_or_default(), id);
    let until = question.terms.expires_at.map(|end| words::day(end.date()));
    let facts = Facts::of(&question.client, &question.identity, &question.request.redirect_uri);
    let page = ConsentPage {
        frame: app.frame(),
        purpose: purpose(&question),
        app: facts.card(),
        renewal: question.lodged.as_ref().and_then(renewal),
        question: &question.stamp(),
        customer: Some(&question.customer_name),
        action: &format!("{}/consent", base(id)),
        cancel_action: &format!("{}/cancel", base(id)),
        csrf: &csrf,
        permissions: permission_lines(&words::asked(&question)),
        window: window(&question),
        until: until.as_deref(),
        dashboard: &format!("{}/my/consents", app.auth.policy().issuer.trim_start_matches("https://")),
        accounts: accounts(&question, error),
        error,
    };
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    reply::page_for(status, &page, Some(&question.request.redirect_uri))
}

fn purpose(question: &Question) -> Purpose {
    match question.kind() {
        Kind::FundsConfirmation => Purpose::Funds,
        Kind::AccountAccess | Kind::Request if question.terms.permissions.is_empty() => Purpose::SignIn,
        Kind::AccountAccess | Kind::Request => Purpose::Accounts,
    }
}

/// What the answer would renew.
fn renewal(consent: &Consent) -> Option<Renewal> {
    let day = words::day(consent.changed_at().date());
    match consent.state().status() {
        Status::Awaiting => None,
        Status::Authorised => Some(Renewal::Going { since: day }),
        Status::Abandoned
        | Status::AuthenticationDue
        | Status::Declined
        | Status::Deleted
        | Status::Expired
        | Status::RevokedByBank
        | Status::RevokedByClient
        | Status::RevokedByCustomer
        | Status::SuspendedForFraud => Some(Renewal::Stopped { on: day }),
    }
}

/// All are ticked at first, or those that the customer ticked when they allowed it before; once the customer has unticked them, nobody
/// ticks them again.
fn accounts(question: &Question, error: Option<&str>) -> Vec<AccountLine> {
    let unticked = error == Some(NO_ACCOUNT_TICKED);
    let before = question.renews().map(|yes| yes.accounts.as_slice());
    let lines = question.accounts.iter().map(|account| AccountLine {
        id: account.id.to_string(),
        nickname: account.nickname.clone().unwrap_or_else(|| words::kind(account.kind).to_owned()),
        kind: words::kind(account.kind).to_owned(),
        identification: words::ending(&account.masked),
        holder: words::holder(account).map(str::to_owned),
        checked: !unticked && before.is_none_or(|before| before.contains(&account.id)),
    });
    lines.collect()
}

fn window(question: &Question) -> Option<Window> {
    let terms = &question.terms;
    let payments = ReadTransactions::shade(terms.permissions, terms.window).is_some();
    let statements = ReadStatements::shade(terms.permissions, terms.window).is_some();
    let what = match (payments, statements) {
        (true, true) => "payments and statements",
        (true, false) => "payments",
        (false, true) => "statements",
        (false, false) => return None,
    };
    let day = |at: Instant| words::day(at.date());
    Some(Window { what, from: terms.window.from.map(day), to: terms.window.to.map(day) })
}

fn base(id: &str) -> String {
    format!("/interaction/{id}")
}
