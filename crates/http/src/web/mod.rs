//! What the bank's customer sees: sign-in, consent, their own list of consents. Server-rendered forms, no script.

mod authorize;
mod consent;
mod form;
mod home;
mod identity;
pub(crate) mod letter;
mod login;
mod logo;
mod my;
pub(crate) mod pages;
mod reply;
mod words;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use crate::app::App;
use crate::parts::guard::Refusal;
use pages::MessagePage;

/// Methods and paths of this surface.
pub(crate) const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/assets/lombard.css"),
    ("GET", "/authorize"),
    ("POST", "/authorize"),
    ("GET", "/interaction/{id}/login"),
    ("POST", "/interaction/{id}/login"),
    ("GET", "/interaction/{id}/sca"),
    ("POST", "/interaction/{id}/sca"),
    ("GET", "/interaction/{id}/consent"),
    ("POST", "/interaction/{id}/consent"),
    ("POST", "/interaction/{id}/cancel"),
    ("GET", "/logos/{picture}"),
    ("GET", "/my/consents"),
    ("POST", "/my/consents/{id}/revoke"),
    ("POST", "/my/sign-out"),
];

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route(pages::STYLESHEET_PATH, get(home::stylesheet))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/interaction/{id}/login", get(login::show_login).post(login::login))
        .route("/interaction/{id}/sca", get(login::show_sca).post(login::sca))
        .route("/interaction/{id}/consent", get(consent::show).post(consent::answer))
        .route("/interaction/{id}/cancel", post(consent::cancel))
        .route("/logos/{picture}", get(logo::logo))
        .route("/my/consents", get(my::consents))
        .route("/my/consents/{id}/revoke", post(my::revoke))
        .route("/my/sign-out", post(my::sign_out))
}

/// A refusal that no handler decided.
pub(crate) fn refusal(app: &App, id: &str, refusal: Refusal) -> Response {
    let page = match refusal {
        Refusal::Broken => MessagePage::went_wrong(app.frame(), id),
        Refusal::Method | Refusal::NotFound => MessagePage::not_found(app.frame(), id),
        Refusal::Limited => MessagePage::too_many(app.frame(), id),
        Refusal::Shed | Refusal::TimedOut => MessagePage::too_busy(app.frame(), id),
    };
    reply::page(refusal.status(), &page)
}
