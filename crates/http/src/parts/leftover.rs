//! What is left of a request's body when the answer is ready.
//!
//! A refusal rarely waits for the body. With HTTP/1.1 the rest then stands in the way of the next request, and hyper ends the
//! connection without a word to the client. So what is short is read and thrown away, and after what is not, the answer says
//! that the connection ends (RFC 9112 9.6). HTTP/2 has a stream for each request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Version};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};

use super::body::BODY_MAX;

/// Where a body is put that nobody read to its end.
pub(crate) struct Leftover {
    place: Place,
    /// Whether the client waits to be told to send the body (RFC 9110 10.1.1): what is not asked for does not come.
    waits: bool,
}

/// Hands the request on with a body that leaves behind what is not read.
pub(crate) fn watch(request: Request) -> (Request, Option<Leftover>) {
    if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
        return (request, None);
    }
    let leftover = Leftover { place: Place::default(), waits: request.headers().contains_key(EXPECT) };
    let place = Arc::clone(&leftover.place);
    (request.map(|body| Body::new(Watched { body: Some(body), place })), Some(leftover))
}

impl Leftover {
    /// Makes way for the next request, or says that there is none.
    pub(crate) async fn clear(self, response: &mut Response) {
        let Some(body) = self.place.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if self.waits || !drained(body).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Reads a body to its end, if that is near.
async fn drained(body: Body) -> bool {
    if usize::try_from(body.size_hint().lower()).is_ok_and(|bytes| bytes > BODY_MAX) {
        return false;
    }
    let mut body = Limited::new(body, BODY_MAX);
    let reading = async {
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(DRAIN_MAX, reading).await.unwrap_or(false)
}

/// A body that goes to its place when it is dropped before its end.
struct Watched {
    body: Option<Body>,
    place: Place,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

type Place = Arc<Mutex<Option<Body>>>;

/// How long we wait for the rest of a short body.
const DRAIN_MAX: Duration = Duration::from_secs(2);
