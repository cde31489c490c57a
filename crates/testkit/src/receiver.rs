//! An app's server that is sent events, and how the bank under test sends them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use lombard_auth::{Deliver, DeliverError, Delivering, Door, Parcel};

use crate::outside::https_client;
use crate::pki::ServerCertificate;
use crate::serve::{self, Served};

/// Delivers over HTTPS to servers of this process and nobody else.
pub(crate) struct WebDeliver {
    http: reqwest::Client,
}

impl WebDeliver {
    pub(crate) fn new() -> Self {
        let http = https_client(&ServerCertificate::of_this_process().pem).https_only(true).timeout(DELIVERY_MAX);
        Self { http: http.build().expect("an HTTPS client") }
    }
}

impl Deliver for WebDeliver {
    fn post<'a>(&'a self, parcel: Parcel<'a>) -> Delivering<'a> {
        Box::pin(async move {
            let request = self.http.post(parcel.url).header("content-type", "application/jwt");
            let request = request.header("x-fapi-interaction-id", parcel.interaction).body(parcel.token.to_owned());
            let response = request.send().await.map_err(|error| DeliverError(error.to_string()))?;
            let status = response.status();
            if status.is_success() { Ok(()) } else { Err(DeliverError(format!("it answers {status}"))) }
        })
    }
}

/// An app's server that is sent events.
pub struct Receiver {
    served: Served,
    state: Arc<State>,
}

/// What a receiver was sent.
#[derive(Clone, Debug)]
pub struct Received {
    /// `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers that matter: content type, and interaction id.
    pub headers: [String; 2],
    /// The body.
    pub token: String,
}

struct State {
    manner: Mutex<Manner>,
    received: Mutex<Vec<Received>>,
}

/// How a receiver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Not before it answers in another way.
    Held,
    /// With this status.
    Status(u16),
    /// Never.
    Silent,
}

impl Receiver {
    /// A server that takes what it is sent.
    pub async fn start() -> Self {
        let (listener, _) = serve::bind().await;
        let manner = Mutex::new(Manner::Status(202));
        let state = Arc::new(State { manner, received: Mutex::default() });
        let seen = Arc::clone(&state);
        let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let seen = Arc::clone(&seen);
            async move { seen.answer(&method, &uri, &headers, &body).await }
        });
        Self { served: serve::serve(listener, Door::Public, router), state }
    }

    /// Where it is to be sent events.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("https://localhost:{}/hooks/open-banking/v4.0/event-notifications", self.served.port)
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &'static str {
        &ServerCertificate::of_this_process().pem
    }

    /// Answers every request in this way from now on.
    pub fn answers(&self, manner: Manner) {
        *self.state.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Everything that it was sent, whatever it answered.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it was sent so many tokens.
    ///
    /// # Panics
    /// If that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let waiting = async {
            loop {
                let received = self.received();
                if received.len() >= count {
                    return received;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("what the receiver was to be sent")
    }
}

impl State {
    async fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
        let header =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(Received {
            method: method.to_string(),
            path: uri.path().to_owned(),
            headers: [header("content-type"), header("x-fapi-interaction-id")],
            token: String::from_utf8_lossy(body).into_owned(),
        });
        match self.manner_of_answer().await {
            Manner::Status(status) => {
                let status = StatusCode::from_u16(status).expect("a status");
                (status, [("location", "/elsewhere")]).into_response()
            }
            Manner::Held | Manner::Silent => std::future::pending().await,
        }
    }

    async fn manner_of_answer(&self) -> Manner {
        loop {
            let manner = *self.manner.lock().unwrap_or_else(PoisonError::into_inner);
            if manner != Manner::Held {
                return manner;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// How long a delivery may take: so long that a test can do something while a receiver is silent.
const DELIVERY_MAX: Duration = Duration::from_secs(8);
/// How long a test waits for what must happen at once.
const PATIENCE: Duration = Duration::from_secs(20);
