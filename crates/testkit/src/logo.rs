//! An app's server with a picture that it calls its logo.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lombard_auth::Door;

use crate::serve::{self, Served};

/// An app's server with one picture, or with what it says is one.
pub struct LogoServer {
    served: Served,
    state: Arc<State>,
}

struct State {
    answer: Mutex<(StatusCode, &'static str, Vec<u8>)>,
    requests: AtomicUsize,
}

impl LogoServer {
    /// A server that answers with this content type and these bytes.
    pub async fn start(kind: &'static str, bytes: &[u8]) -> Self {
        let answer = Mutex::new((StatusCode::OK, kind, bytes.to_vec()));
        let state = Arc::new(State { answer, requests: AtomicUsize::new(0) });
        let (listener, _) = serve::bind().await;
        let seen = Arc::clone(&state);
        let router = Router::new().fallback(move || std::future::ready(seen.answer()));
        Self { served: serve::serve(listener, Door::Public, router), state }
    }

    /// Where its picture is.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("https://localhost:{}/logo.png", self.served.port)
    }

    /// Answers every request in this way from now on.
    ///
    /// # Panics
    /// If there is no such status.
    pub fn answer_with(&self, status: u16, kind: &'static str, bytes: &[u8]) {
        let status = StatusCode::from_u16(status).expect("a status");
        *self.state.answer.lock().unwrap_or_else(PoisonError::into_inner) = (status, kind, bytes.to_vec());
    }

    /// How often it was asked.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

impl State {
    fn answer(&self) -> Response {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let (status, kind, bytes) = self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (status, [(header::CONTENT_TYPE, kind), (header::LOCATION, "https://127.0.0.1:1/")], bytes).into_response()
    }
}
