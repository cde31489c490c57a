//! The two pages of a sign-in, for an app's request and for the customer's own pages.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lombard_auth::login::{DEVICE_LIFE, NewSession, OnTheWay, SignInError, Stage, Visitor};
use lombard_domain::secret::Secret;

use super::form::{self, Cookies};
use super::pages::{self, Asking, LoginPage, Purpose, ScaPage};
use super::reply;
use crate::app::App;
use crate::parts::cookie;
use crate::parts::interaction::InteractionId;

/// `GET /interaction/{id}/login`
pub(super) async fn show_login(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let visit = match Visit::open(&app, &call, &id, Cookies::read(request.headers())).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    match visit.on_the_way.stage {
        Stage::SignedIn => visit.next(),
        // What the app thinks is only typed in beforehand; the customer sees it and may change it.
        Stage::Login | Stage::SecondFactor => {
            let why = match visit.why_again().await {
                Ok(why) => why,
                Err(error) => return reply::error(&app, call.as_str(), error),
            };
            visit.login_page(StatusCode::OK, visit.on_the_way.login_hint().unwrap_or_default(), why)
        }
    }
}

/// `POST /interaction/{id}/login`
pub(super) async fn login(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let (cookies, params) = match form::read(&app, call.as_str(), &id, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let visit = match Visit::open(&app, &call, &id, cookies).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let username = params.get("username").ok().flatten().unwrap_or_default();
    let password = Secret::new(params.get("password").ok().flatten().unwrap_or_default().to_owned());
    match app.auth.check_password(call.call(), &visit.on_the_way, username, password).await {
        Ok(()) => reply::see_other(&visit.address("sca")),
        Err(SignInError::Wrong) => visit.login_page(StatusCode::BAD_REQUEST, username, Some(pages::WRONG_PASSWORD)),
        Err(SignInError::Locked { .. }) => {
            visit.login_page(StatusCode::TOO_MANY_REQUESTS, username, Some(pages::TOO_MANY_ATTEMPTS))
        }
        Err(SignInError::Step) => visit.next(),
        Err(SignInError::Failed(error)) => reply::error(&app, call.as_str(), error),
    }
}

/// `GET /interaction/{id}/sca`
pub(super) async fn show_sca(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let visit = match Visit::open(&app, &call, &id, Cookies::read(request.headers())).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    match visit.on_the_way.stage {
        Stage::SecondFactor => visit.sca_page(StatusCode::OK, None),
        Stage::Login | Stage::SignedIn => visit.next(),
    }
}

/// `POST /interaction/{id}/sca`
pub(super) async fn sca(State(app): State<App>, call: InteractionId, request: Request) -> Response {
    let (id, request) = form::path_id(request).await;
    let (cookies, params) = match form::read(&app, call.as_str(), &id, request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let visit = match Visit::open(&app, &call, &id, cookies).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let code = params.get("code").ok().flatten().unwrap_or_default();
    match app.auth.check_second_factor(call.call(), &visit.on_the_way, code, visit.visitor()).await {
        Ok(session) => visit.signed_in(&session).await,
        Err(SignInError::Wrong) => visit.sca_page(StatusCode::BAD_REQUEST, Some(pages::WRONG_CODE)),
        Err(SignInError::Locked { .. }) => {
            visit.sca_page(StatusCode::TOO_MANY_REQUESTS, Some(pages::TOO_MANY_ATTEMPTS))
        }
        Err(SignInError::Step) => visit.next(),
        Err(SignInError::Failed(error)) => reply::error(&app, call.as_str(), error),
    }
}

/// A browser at one of the pages.
struct Visit<'a> {
    app: &'a App,
    call: &'a InteractionId,
    id: &'a str,
    cookies: Cookies,
    on_the_way: OnTheWay,
}

impl<'a> Visit<'a> {
    async fn open(app: &'a App, call: &'a InteractionId, id: &'a str, cookies: Cookies) -> Result<Self, Response> {
        match app.auth.on_the_way(id, &cookies.known()).await {
            Ok(on_the_way) => Ok(Self { app, call, id, cookies, on_the_way }),
            Err(why) => Err(reply::interrupted(app, call.as_str(), &format!("/interaction/{id}"), why)),
        }
    }

    fn address(&self, page: &str) -> String {
        format!("/interaction/{}/{page}", self.id)
    }

    /// The page whose turn it is.
    fn next(&self) -> Response {
        match self.on_the_way.stage {
            Stage::Login => reply::see_other(&self.address("login")),
            Stage::SecondFactor => reply::see_other(&self.address("sca")),
            Stage::SignedIn if self.on_the_way.client.is_some() => reply::see_other(&self.address("consent")),
            Stage::SignedIn => reply::see_other("/my/consents"),
        }
    }

    fn visitor(&self) -> Visitor<'_> {
        let Cookies { session, device, agent, .. } = &self.cookies;
        Visitor { session: session.as_deref(), device: device.as_deref(), browser: *agent }
    }

    /// Why the customer must sign in again, if that is not as always.
    async fn why_again(&self) -> Result<Option<&'static str>, lombard_auth::Error> {
        if self.on_the_way.is_stepping_up() {
            return Ok(Some(pages::SIGN_IN_ONCE_MORE));
        }
        let ended = self.app.auth.was_signed_out(self.cookies.session.as_deref()).await?;
        Ok(ended.then_some(pages::SIGNED_OUT_FOR_SAFETY))
    }

    async fn signed_in(&self, session: &NewSession) -> Response {
        let response = if self.on_the_way.client.is_some() {
            reply::see_other(&self.address("consent"))
        } else {
            if let Err(error) = self.app.auth.end_interaction(&self.on_the_way).await {
                return reply::error(self.app, self.call.as_str(), error);
            }
            reply::see_other("/my/consents")
        };
        let response = reply::with_cookie(response, cookie::set(cookie::SESSION, &session.cookie));
        reply::with_cookie(response, cookie::set_for(cookie::DEVICE, &session.device, DEVICE_LIFE))
    }

    fn asking(&self) -> Option<Asking<'_>> {
        let client = self.on_the_way.client.as_ref()?;
        let purpose = match (self.on_the_way.asks_about_funds(), self.on_the_way.asks_for_accounts()) {
            (true, _) => Purpose::Funds,
            (false, true) => Purpose::Accounts,
            (false, false) => Purpose::SignIn,
        };
        Some(Asking { app: client.metadata.client_name.as_str(), purpose })
    }

    fn csrf(&self) -> String {
        let cookie = self.cookies.browser.as_ref().or(self.cookies.session.as_ref());
        self.app.auth.csrf_token(cookie.map_or("", String::as_str), self.id)
    }

    fn hint(&self, of: impl Fn(&crate::app::SandboxSite) -> Option<String>) -> Option<String> {
        self.app.site.sandbox.as_ref().and_then(of)
    }

    fn login_page(&self, status: StatusCode, username: &str, error: Option<&str>) -> Response {
        let hint = self.hint(|sandbox| {
            let first = sandbox.customers.first()?;
            Some(format!("Sign in as {} with the password {}", first.username, first.password))
        });
        let page = LoginPage {
            frame: self.app.frame(),
            asking: self.asking(),
            action: &self.address("login"),
            cancel_action: Some(&self.address("cancel")),
            csrf: &self.csrf(),
            username: &shown(username),
            error,
            hint: hint.as_deref(),
        };
        reply::page_for(status, &page, self.on_the_way.redirect_uri())
    }

    fn sca_page(&self, status: StatusCode, error: Option<&str>) -> Response {
        let hint = self.hint(|sandbox| Some(format!("The code is {}", sandbox.second_factor)));
        let page = ScaPage {
            frame: self.app.frame(),
            asking: self.asking(),
            action: &self.address("sca"),
            cancel_action: Some(&self.address("cancel")),
            csrf: &self.csrf(),
            error,
            hint: hint.as_deref(),
        };
        reply::page_for(status, &page, self.on_the_way.redirect_uri())
    }
}

/// What was typed, as far as it can stand in a page: no NUL and nothing else that browsers would have to guess about.
fn shown(username: &str) -> String {
    username.chars().filter(|character| !character.is_control()).take(USERNAME_SHOWN_MAX).collect()
}

/// Characters of a user name that are shown again.
const USERNAME_SHOWN_MAX: usize = 64;
