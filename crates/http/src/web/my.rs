//! The customer's own pages: what they share, and how they stop it.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lombard_auth::HeldAccount;
use lombard_auth::consent::Listed;
use lombard_auth::login::Customer;
use lombard_domain::consent::Status;
use lombard_domain::id::AccountId;
use lombard_domain::oauth::WebUri;
use lombard_domain::time::Span;

use super::form::{self, Cookies};
use super::identity::organisation;
use super::pages::{ConsentLine, MessagePage, MyConsentsPage, Standing, permission_lines};
use super::{authorize, reply, words};
use crate::app::App;
use crate::parts::interaction::InteractionId;
use crate::parts::{body, cookie};

/// `GET /my/consents`
pub(super) async fn consents(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let cookies = Cookies::read(request.headers());
    let stopped = body::query(request.uri()).ok();
    let stopped = stopped.as_ref().and_then(|params| params.get(STOPPED).ok().flatten());
    match app.auth.customer(cookies.session.as_deref()).await {
        Ok(Some(customer)) => list(&app, &call, &cookies, &customer, stopped).await,
        Ok(None) => match app.auth.begin_own(cookies.browser.as_deref()).await {
            Ok(begin) => authorize::begun(begin),
            Err(error) => reply::error(&app, call.as_str(), error),
        },
        Err(error) => reply::error(&app, call.as_str(), error),
    }
}

/// `POST /my/consents/{id}/revoke`
pub(super) async fn revoke(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let (_, customer) = match own(&app, &call, request).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    match app.auth.revoke_by_customer(call.call(), customer.id, &id).await {
        Ok(true) => reply::see_other(&format!("{LIST}?{STOPPED}={id}")),
        Ok(false) => reply::see_other(LIST),
        Err(error) => reply::error(&app, call.as_str(), error),
    }
}

/// `POST /my/sign-out`
pub(super) async fn sign_out(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (cookies, _) = match own(&app, &call, request).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    if let Err(error) = app.auth.sign_out(call.call(), cookies.session.as_deref().unwrap_or_default()).await {
        return reply::error(&app, call.as_str(), error);
    }
    let response = reply::page(StatusCode::OK, &MessagePage::signed_out(app.frame()));
    reply::with_cookie(response, cookie::clear(cookie::SESSION))
}

/// A form of the customer's own pages, from a browser that is still signed in.
async fn own(app: &App, call: &InteractionId, request: Request) -> Result<(Cookies, Customer), Response> {
    let (cookies, _) = form::read(app, call.as_str(), PURPOSE, request).await?;
    match app.auth.customer(cookies.session.as_deref()).await {
        Ok(Some(customer)) => Ok((cookies, customer)),
        Ok(None) => Err(reply::see_other(LIST)),
        Err(error) => Err(reply::error(app, call.as_str(), error)),
    }
}

async fn list(
    app: &App,
    call: &InteractionId,
    cookies: &Cookies,
    customer: &Customer,
    stopped: Option<&str>,
) -> Response {
    let overview = match app.auth.overview(customer.id).await {
        Ok(overview) => overview,
        Err(error) => return reply::error(app, call.as_str(), error),
    };
    // Said only of a consent of theirs that has ended, whatever the address says.
    let stopped = overview.consents.iter().find(|listed| {
        stopped == Some(listed.consent.id().to_string().as_str()) && listed.consent.standing(app.auth.now()).is_err()
    });
    let lines = overview.consents.iter().map(|listed| line(app, listed, &overview.accounts));
    let (live, ended) = lines.partition(|line| matches!(line.standing, Standing::Active | Standing::EndsSoon));
    let page = MyConsentsPage {
        frame: app.frame(),
        customer: Some(overview.name.as_str()),
        csrf: &app.auth.csrf_token(cookies.session.as_deref().unwrap_or_default(), PURPOSE),
        stopped: stopped.map(|listed| listed.client.metadata.client_name.as_str()),
        error: None,
        live,
        ended,
    };
    reply::page(StatusCode::OK, &page)
}

fn line(app: &App, listed: &Listed, held: &[HeldAccount]) -> ConsentLine {
    let consent = &listed.consent;
    let accounts = consent.state().authorisation().map(|yes| yes.accounts.as_slice()).unwrap_or_default();
    let lines = permission_lines(&words::permitted(consent.terms().permissions));
    let standing = standing(app, listed);
    let ended = !matches!(standing, Standing::Active | Standing::EndsSoon | Standing::Expired);
    let until = if ended { Some(consent.changed_at()) } else { consent.terms().expires_at };
    ConsentLine {
        id: consent.id().to_string(),
        app: listed.client.metadata.client_name.as_str().to_owned(),
        logo: listed.logo.clone(),
        host: listed.client.vouched_home().and_then(WebUri::host),
        organisation: organisation(&listed.client),
        permissions: lines.into_iter().map(|line| line.title).collect(),
        accounts: accounts.iter().map(|id| account(*id, held)).collect(),
        since: words::day(consent.created_at().date()),
        until: until.map(|at| words::day(at.date())),
        last_used: None,
        standing,
    }
}

fn account(id: AccountId, held: &[HeldAccount]) -> String {
    let Some(account) = held.iter().find(|account| account.id == id) else {
        return "An account that is no longer yours".to_owned();
    };
    let name = account.nickname.as_deref().unwrap_or_else(|| words::kind(account.kind));
    format!("{name}, {}", words::ending(&account.masked))
}

fn standing(app: &App, listed: &Listed) -> Standing {
    let consent = &listed.consent;
    let now = app.auth.now();
    let live = consent.standing(now).is_ok();
    match consent.state().status() {
        Status::Authorised if !live => Standing::Expired,
        Status::Authorised if consent.standing(now.plus(SOON)).is_err() => Standing::EndsSoon,
        Status::Authorised => Standing::Active,
        Status::Awaiting | Status::Expired => Standing::Expired,
        Status::Abandoned | Status::Declined | Status::RevokedByCustomer => Standing::Stopped,
        Status::AuthenticationDue | Status::RevokedByBank | Status::SuspendedForFraud => Standing::StoppedByBank,
        Status::Deleted | Status::RevokedByClient => Standing::GivenUp,
    }
}

/// The list's address.
const LIST: &str = "/my/consents";
/// The parameter that names the consent that was stopped just now.
const STOPPED: &str = "stopped";
/// What anti-forgery tokens of these pages are for.
const PURPOSE: &str = "my";
/// A consent that ends within this time is shown as ending soon.
const SOON: Span = Span::days(14);
