//! Why a token or a key was refused; for the log, never for the sender word by word.

/// What is wrong with a token, a key or a set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Longer than its limit, before anything of it was read.
    #[error("input is larger than its limit")]
    TooLarge,
    /// Not three parts of base64url without padding.
    #[error("not a compact token of three base64url parts")]
    Malformed,
    /// The header is not a JSON object with distinct members of the right types.
    #[error("the protected header is malformed")]
    Header,
    /// The header names an extension that must be understood (`crit`) or an unencoded payload (`b64`).
    #[error("the protected header asks for an extension that is not supported")]
    Critical,
    /// The algorithm is none of ours, or not one that is expected here.
    #[error("the algorithm is not allowed")]
    Algorithm,
    /// `typ` is not what is expected here.
    #[error("the token is of another type than expected")]
    Type,
    /// No key, or no single key, fits the header.
    #[error("no single key fits the token")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature does not verify")]
    Signature,
    /// The payload is not a JSON object with distinct members.
    #[error("the payload is not a json object with distinct members")]
    Payload,
    /// A claim is missing, of the wrong type or beyond its limit.
    #[error("claim {0} is missing or not acceptable")]
    Claim(&'static str),
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies too far ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A key or key set is not the JSON that it should be.
    #[error("the key is malformed: {0}")]
    Key(&'static str),
    /// The key is of a type, curve, size or use that this server does not accept.
    #[error("the key is not supported: {0}")]
    UnsupportedKey(&'static str),
    /// A key that should be public carries its private part: its owner must replace it.
    #[error("the key contains private members")]
    PrivateKey,
    /// The cryptographic library failed where it should not.
    #[error("a cryptographic operation failed")]
    Crypto,
}
