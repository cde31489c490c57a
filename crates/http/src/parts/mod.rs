//! What all surfaces share: reading bodies and headers within limits, cookies, the guard around every request.

pub(crate) mod body;
pub(crate) mod challenge;
pub(crate) mod cookie;
pub(crate) mod evidence;
pub mod guard;
pub mod interaction;
pub mod peer;
