//! What tests share: a bank to drive, a clock to move, throw-away databases. A dev-dependency only: nothing here may be
//! reachable from a release build.

pub mod postgres;
