//! Distinguished names.

/// stub
pub struct DistinguishedName;
