//! Keys that apps keep at an address of their own.
