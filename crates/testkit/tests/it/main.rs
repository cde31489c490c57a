//! The server through its front door: HTTPS in, HTTPS out, real tokens, real databases.

mod story;
