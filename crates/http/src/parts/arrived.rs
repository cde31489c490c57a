//! When a request came, as the listener saw it.

use std::time::Duration;

use http::Extensions;
use tokio::time::Instant;

/// When the head of a request had been read; where the processor has much to do, some time before anybody looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Arrived(pub Instant);

impl Arrived {
    /// When that was; now, where no listener said it.
    pub(crate) fn of(extensions: &Extensions) -> Instant {
        extensions.get().map_or_else(Instant::now, |Self(at)| *at)
    }

    /// For how long a request has been here.
    pub(crate) fn since(extensions: &Extensions) -> Duration {
        Self::of(extensions).elapsed()
    }
}
