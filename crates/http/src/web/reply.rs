//! Answers to browsers: pages, redirects, and what becomes of errors.

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderName, HeaderValue, StatusCode};
use lombard_auth::Error;
use lombard_auth::login::Interrupted;
use lombard_domain::oauth::RedirectUri;

use super::pages::{MessagePage, OauthError};
use crate::app::App;

/// A page whose forms post to this server only.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    page_for(status, template, None)
}

/// A page whose form may end at an app: browsers hold redirects after a form against `form-action`, so the app's origin is in it.
pub(super) fn page_for(status: StatusCode, template: &impl Template, app: Option<&RedirectUri>) -> Response {
    let Ok(html) = template.render() else {
        tracing::error!("a page could not be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let origin = app.and_then(RedirectUri::origin).map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'{origin}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = (status, Body::from(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, value);
    }
    for (name, value) in PAGE_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// 303, so that a form's content is never sent on (FAPI 2.0 Security Profile 5.3.2.2-10).
pub(super) fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// Adds a cookie to an answer.
pub(super) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// What a browser sees of an error.
pub(super) fn error(app: &App, id: &str, error: Error) -> Response {
    match error {
        Error::Busy => {
            let mut response = page(StatusCode::SERVICE_UNAVAILABLE, &MessagePage::too_busy(app.frame(), id));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
        Error::Internal(source) => {
            tracing::error!(error = %lombard_auth::chain(&*source), interaction = id, "internal error");
            page(StatusCode::INTERNAL_SERVER_ERROR, &MessagePage::went_wrong(app.frame(), id))
        }
        Error::Limited(_) => page(StatusCode::TOO_MANY_REQUESTS, &MessagePage::too_many(app.frame(), id)),
        Error::Oauth(error) => {
            let shown = OauthError { code: error.code.code(), detail: Some(&error.description) };
            page(StatusCode::BAD_REQUEST, &MessagePage::oauth_error(app.frame(), id, shown))
        }
    }
}

/// What a browser sees when it cannot go on. `base` is the interaction's address.
pub(super) fn interrupted(app: &App, id: &str, base: &str, why: Interrupted) -> Response {
    match why {
        Interrupted::Changed | Interrupted::Expired | Interrupted::NoAccount | Interrupted::Unasked(_) => {
            page(StatusCode::BAD_REQUEST, &MessagePage::expired(app.frame(), id))
        }
        Interrupted::Failed(failed) => error(app, id, failed),
        Interrupted::NotSignedIn | Interrupted::StepUp => see_other(&format!("{base}/login")),
    }
}

/// A form that did not come from a page of ours.
pub(super) fn stale_form(app: &App, id: &str) -> Response {
    page(StatusCode::FORBIDDEN, &MessagePage::stale_form(app.frame(), id))
}

/// What a page of ours has beside what every answer has: no frame around it, no hold on it for the window that opened it, nothing in it from
/// elsewhere, and none of the powers of the device.
const PAGE_HEADERS: [(HeaderName, &str); 5] = [
    (HeaderName::from_static("x-frame-options"), "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), clipboard-read=(), display-capture=(), \
         encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), \
         idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
         screen-wake-lock=(), serial=(), usb=(), web-share=(), window-management=(), xr-spatial-tracking=()",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];
