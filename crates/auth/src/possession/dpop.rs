//! DPoP proofs.

/// stub
pub struct Proof;
/// stub
pub struct Expected;
/// stub
pub struct BadProof;
