//! What all surfaces share: reading bodies and headers within limits, cookies, the guard around every request.

pub(crate) mod accept;
pub(crate) mod allowed;
pub mod arrived;
pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod challenge;
pub(crate) mod cookie;
pub mod doorstep;
pub(crate) mod evidence;
pub mod forwarded;
pub mod guard;
pub mod interaction;
pub(crate) mod leftover;
pub mod network;
pub(crate) mod params;
pub mod peer;
pub(crate) mod presence;
pub(crate) mod rate;
pub(crate) mod throttle;
pub mod trace;
