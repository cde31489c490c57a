//! What is asked of a server: requests that every app makes, in the shape of both protocols.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::Full;

use crate::fapi::{App, Signer};
use crate::signature::Signatures;
use crate::story::Access;

/// A request that is made over and over.
pub(crate) struct Case {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Its path, by which the bare handler finds the answer.
    pub(crate) path: String,
    /// What the server does with signatures for it.
    pub(crate) signatures: Signatures,
    /// What must be new in each request, if anything must.
    pub(crate) signer: Option<Arc<Signer>>,
    method: Method,
    authorization: Option<String>,
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
    /// The request to a port of this machine, without what must be new in each.
    ///
    /// # Errors
    /// A part is no valid header or address.
    pub(crate) fn request(&self, protocol: Protocol, port: u16) -> http::Result<Request<Full<Bytes>>> {
        let authority = format!("localhost:{port}");
        let builder = Request::builder().method(&self.method);
        let builder = match protocol {
            Protocol::Http1 => builder.uri(&self.path).header(HOST, authority),
            Protocol::Http2 => builder.uri(format!("https://{authority}{}", self.path)),
        };
        let builder = match &self.authorization {
            // With the customer there, because calls without them are counted and soon refused.
            Some(authorization) => builder.header(AUTHORIZATION, authorization).header(CUSTOMER_ADDRESS, "192.0.2.1"),
            None => builder,
        };
        match self.form {
            Some(form) => builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::from_static(form.as_bytes()))),
            None => builder.body(Full::new(Bytes::new())),
        }
    }
}

/// A read with a bearer token.
pub(crate) fn read(name: &'static str, path: String, access: &Access) -> Case {
    Case {
        name,
        path,
        // The token's is remembered after the first request.
        signatures: Signatures::NONE,
        signer: None,
        method: Method::GET,
        authorization: Some(format!("Bearer {}", access.token)),
        form: None,
    }
}

/// A revocation of a token that nobody has, which is answered like any other (RFC 7009 2.2).
pub(crate) fn revocation(access: &Access) -> Case {
    Case {
        name: "revocation",
        path: "/revoke".to_owned(),
        signatures: Signatures::NONE,
        signer: None,
        method: Method::POST,
        authorization: Some(access.basic.clone()),
        form: Some("token=nobody-has-it"),
    }
}

/// The cases of an app of the profile `baseline` with this access.
pub(crate) fn baseline(access: &Access) -> Vec<Case> {
    vec![
        read("accounts", format!("{API}/accounts"), access),
        read("25 transactions", format!("{API}/accounts/{}/transactions", access.account), access),
        Case {
            name: "client_credentials",
            path: "/token".to_owned(),
            signatures: Signatures { verified: 0, signed: 1 },
            signer: None,
            method: Method::POST,
            authorization: Some(access.basic.clone()),
            form: Some("grant_type=client_credentials&scope=accounts%3Aread"),
        },
    ]
}

/// The cases of an app of FAPI 2.0 with this DPoP-bound token.
pub(crate) fn fapi(app: &App, token: &str) -> Vec<Case> {
    let signer = |method, path: &str| Signer {
        credentials: Arc::clone(&app.credentials),
        method,
        path: path.to_owned(),
        token: None,
        form: None,
    };
    let (accounts, endpoint) = (format!("{API}/accounts"), "/token");
    vec![
        Case {
            name: ACCOUNTS_WITH_PROOF,
            // The proof's; the token's is remembered after the first request.
            signatures: Signatures { verified: 1, signed: 0 },
            signer: Some(Arc::new(Signer { token: Some(token.to_owned()), ..signer(Method::GET, &accounts) })),
            path: accounts,
            method: Method::GET,
            authorization: Some(format!("DPoP {token}")),
            form: None,
        },
        Case {
            name: "client_credentials, private_key_jwt and DPoP",
            // The assertion's and the proof's; the new token's.
            signatures: Signatures { verified: 2, signed: 1 },
            signer: Some(Arc::new(Signer { form: Some(OWN_TOKEN), ..signer(Method::POST, endpoint) })),
            path: endpoint.to_owned(),
            method: Method::POST,
            authorization: None,
            form: Some(""),
        },
    ]
}

/// By this an app says that the customer is there.
const CUSTOMER_ADDRESS: &str = "x-fapi-customer-ip-address";
/// Where the data API is.
pub(crate) const API: &str = "/open-banking/v4.0/aisp";
/// The name of the DPoP-bound read.
pub(crate) const ACCOUNTS_WITH_PROOF: &str = "accounts, DPoP";
/// What an app asks the token endpoint for itself.
const OWN_TOKEN: &[(&str, &str)] = &[("grant_type", "client_credentials"), ("scope", "accounts:read")];
