//! What is asked of a server: three requests that every app makes, in the shape of both protocols.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::Full;

use crate::story::Access;

/// A request that is made over and over.
pub(crate) struct Case {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Its path, by which the bare handler finds the answer.
    pub(crate) path: String,
    method: Method,
    authorization: String,
    form: Option<&'static str>,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }

    /// Its name in the TLS handshake (RFC 7301).
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

impl Case {
    /// The request to a port of this machine.
    ///
    /// # Errors
    /// A part is no valid header or address.
    pub(crate) fn request(&self, protocol: Protocol, port: u16) -> http::Result<Request<Full<Bytes>>> {
        let authority = format!("localhost:{port}");
        let builder = Request::builder().method(&self.method).header(AUTHORIZATION, &self.authorization);
        let builder = match protocol {
            Protocol::Http1 => builder.uri(&self.path).header(HOST, authority),
            Protocol::Http2 => builder.uri(format!("https://{authority}{}", self.path)),
        };
        match self.form {
            Some(form) => builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::from_static(form.as_bytes()))),
            None => builder.body(Full::new(Bytes::new())),
        }
    }
}

/// All cases, for an app with this access.
pub(crate) fn all(access: &Access) -> [Case; 3] {
    let read = |name, path: String| Case {
        name,
        path: format!("{API}{path}"),
        method: Method::GET,
        authorization: format!("Bearer {}", access.token),
        form: None,
    };
    [
        read("accounts", "/accounts".to_owned()),
        read("25 transactions", format!("/accounts/{}/transactions", access.account)),
        Case {
            name: "client_credentials",
            path: "/token".to_owned(),
            method: Method::POST,
            authorization: access.basic.clone(),
            form: Some("grant_type=client_credentials&scope=accounts%3Aread"),
        },
    ]
}

/// Where the data API is.
pub(crate) const API: &str = "/open-banking/v4.0/aisp";
