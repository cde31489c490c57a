//! Reading bodies: the right kind, within a limit.

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Request};
use lombard_auth::oauth::Params;
use lombard_domain::oauth::OauthError;

/// Why a body could not be read.
pub(crate) enum BadBody {
    /// It broke off.
    Broken,
    /// It is not what it says it is.
    Malformed(OauthError),
    /// It is longer than [`BODY_MAX`].
    TooLarge,
    /// It says that it is of another kind.
    Type,
}

/// Reads a form.
pub(crate) async fn form(request: Request<Body>) -> Result<(HeaderMap, Params), BadBody> {
    let (parts, params) = form_with_head(request).await?;
    Ok((parts.headers, params))
}

/// Reads a form, and keeps everything that came before it.
pub(crate) async fn form_with_head(request: Request<Body>) -> Result<(Parts, Params), BadBody> {
    let (parts, body) = request.into_parts();
    if !is_type(&parts.headers, "application/x-www-form-urlencoded") {
        return Err(BadBody::Type);
    }
    let bytes = bytes(body).await?;
    Ok((parts, Params::read(&bytes).map_err(BadBody::Malformed)?))
}

/// Reads a JSON body's bytes.
pub(crate) async fn json(request: Request<Body>) -> Result<(HeaderMap, Bytes), BadBody> {
    let (parts, body) = request.into_parts();
    if !is_type(&parts.headers, "application/json") {
        return Err(BadBody::Type);
    }
    Ok((parts.headers, bytes(body).await?))
}

/// The query of a request, as parameters.
pub(crate) fn query(uri: &http::Uri) -> Result<Params, OauthError> {
    Params::read(uri.query().unwrap_or_default().as_bytes())
}

/// The values of all `Authorization` headers.
pub(crate) fn authorization(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(http::header::AUTHORIZATION).iter().map(http::HeaderValue::as_bytes)
}

/// The token of the one `Authorization: Bearer` header, if there is one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = authorization(headers);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// The token of the one `Authorization` header, presented as access tokens are: `Bearer` or `DPoP` (RFC 6750 2.1, RFC 9449 7.1).
pub(crate) fn access_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = authorization(headers);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    ["Bearer", "DPoP"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then(|| token.trim_matches(' '))
}

/// Reads what a body holds, within the limit, before anything waits for it: a caller who sends slowly must keep nobody from running.
/// What is beyond the limit is left for who reads it.
pub(crate) async fn gathered(request: Request<Body>) -> Request<Body> {
    if request.body().is_end_stream() {
        return request;
    }
    let (parts, body) = request.into_parts();
    let mut rest = body.into_data_stream();
    let (mut chunks, mut length) = (Vec::new(), 0_usize);
    while length <= BODY_MAX {
        match rest.next().await {
            Some(Ok(chunk)) => {
                length = length.saturating_add(chunk.len());
                chunks.push(chunk);
            }
            None => return Request::from_parts(parts, Body::from(chunks.concat())),
            Some(Err(error)) => {
                let broken = futures_util::stream::once(std::future::ready(Err(error)));
                return Request::from_parts(parts, Body::from_stream(whole(chunks).chain(broken)));
            }
        }
    }
    Request::from_parts(parts, Body::from_stream(whole(chunks).chain(rest)))
}

fn whole(chunks: Vec<Bytes>) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    futures_util::stream::iter(chunks.into_iter().map(Ok))
}

async fn bytes(body: Body) -> Result<Bytes, BadBody> {
    axum::body::to_bytes(body, BODY_MAX).await.map_err(|error| {
        let limited =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if limited { BadBody::TooLarge } else { BadBody::Broken }
    })
}

/// The kind that the one `Content-Type` header names, whatever its parameters.
fn is_type(headers: &HeaderMap, expected: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let essence = value.to_str().ok().and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected))
}

/// Bytes of a body.
pub(crate) const BODY_MAX: usize = 64 * 1024;
