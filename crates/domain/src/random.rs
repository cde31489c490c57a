//! Where random numbers come from: a port, so that tests can repeat a run and only the binary touches the system.

/// A source of bytes fit for keys, tokens and nonces.
///
/// The production implementation must be cryptographically secure; tests use a seeded one.
pub trait Random: Send + Sync {
    /// Fills `bytes` with random numbers.
    fn fill(&self, bytes: &mut [u8]);
}

/// Draws `N` random bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut out = [0_u8; N];
    random.fill(&mut out);
    out
}

/// Draws a 256-bit credential (token, code, client secret, session) as 43 characters of base64url.
///
/// FAPI 2.0 Security Profile 5.4.1 asks for at least 128 bits of entropy.
#[must_use]
pub fn credential(random: &dyn Random) -> crate::secret::Secret<String> {
    use base64::Engine as _;
    let raw: [u8; 32] = bytes(random);
    crate::secret::Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(raw))
}
