//! A server of an app that gives everybody the same answer, until it is told another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lombard_auth::Door;

use crate::serve::{self, Served};

/// The server.
pub(crate) struct OneAnswer {
    served: Served,
    state: Arc<State>,
}

struct State {
    answer: Mutex<(StatusCode, &'static str, Vec<u8>)>,
    requests: AtomicUsize,
    /// Looked at by a client only where the status is that of a redirect.
    location: &'static str,
}

impl OneAnswer {
    /// A server that answers with this content type and these bytes, and redirects there where it redirects.
    pub(crate) async fn start(kind: &'static str, bytes: &[u8], location: &'static str) -> Self {
        let answer = Mutex::new((StatusCode::OK, kind, bytes.to_vec()));
        let state = Arc::new(State { answer, requests: AtomicUsize::new(0), location });
        let (listener, _) = serve::bind().await;
        let seen = Arc::clone(&state);
        let router = Router::new().fallback(move || std::future::ready(seen.answer()));
        Self { served: serve::serve(listener, Door::Public, router), state }
    }

    /// An address of it.
    pub(crate) fn uri(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.served.port)
    }

    /// Answers every request in this way from now on.
    pub(crate) fn answer_with(&self, status: u16, kind: &'static str, bytes: &[u8]) {
        let status = StatusCode::from_u16(status).expect("a status");
        *self.state.answer.lock().unwrap_or_else(PoisonError::into_inner) = (status, kind, bytes.to_vec());
    }

    /// How often it was asked.
    pub(crate) fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

impl State {
    fn answer(&self) -> Response {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let (status, kind, bytes) = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (status, [(header::CONTENT_TYPE, kind), (header::LOCATION, self.location)], bytes).into_response()
    }
}
