//! A request's body on its way to the handler, which tells when it is the client that keeps us waiting.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use super::activity::{Exchange, Flow, Side};

/// The body of a request.
#[derive(Debug)]
pub(super) struct Inflow {
    body: Incoming,
    flow: Flow,
}

impl Inflow {
    /// Watches a body for its exchange; one that is over already needs no watching.
    pub(super) fn watch(body: Incoming, exchange: &Exchange) -> Body {
        if body.is_end_stream() {
            return Body::new(body);
        }
        Body::new(Self { body, flow: exchange.flow(Side::Request) })
    }
}

impl hyper::body::Body for Inflow {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Pending => self.flow.waits(),
            Poll::Ready(Some(Ok(frame))) => self.flow.moves(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Ready(None | Some(Err(_))) => self.flow.done(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Inflow {
    fn drop(&mut self) {
        self.flow.done();
    }
}
