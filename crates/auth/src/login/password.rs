//! Passwords: argon2id, off the async threads, with a bound on how many run at once.
//!
//! Owns the cost of a hash and the limits around it. Must never tell an unknown user from a wrong password, neither by its
//! answer nor by its time, and never keep a password longer than the check takes.

use std::sync::Arc;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;
use tokio::sync::{Semaphore, TryAcquireError};
use tracing::Instrument as _;

use crate::SPANS;

/// The longest password, in bytes; OWASP asks for at least 64 characters.
pub const MAX_PASSWORD_BYTES: usize = 256;

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many checks are waiting; the caller answers 503 and the client tries again.
    #[error("too many password checks are waiting")]
    Busy,
    /// A new password is empty or longer than [`MAX_PASSWORD_BYTES`].
    #[error("a password must have 1 to 256 bytes")]
    Length,
    /// The stored hash is not one that this server makes, or costs more than it may.
    #[error("the stored password hash is not acceptable")]
    Stored,
    /// The hashing itself failed: no memory, or the runtime is shutting down.
    #[error("password hashing failed")]
    Failed,
}

/// Hashes and checks passwords with argon2id, 19 MiB, two passes, one lane (OWASP's minimum).
///
/// Memory is bounded: `concurrency` checks of at most 64 MiB each.
pub struct PasswordHasher {
    /// One permit for each hash that runs.
    running: Arc<Semaphore>,
    /// One permit for each hash that runs or waits.
    admitted: Arc<Semaphore>,
    /// How many run at once.
    at_once: usize,
    /// How many run or wait.
    places: usize,
    decoy: PasswordHash,
}

impl PasswordHasher {
    /// Lets `concurrency` hashes run (at least one; the number of cores is a good choice) and `queue` more wait.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] if the library refuses its own parameters, which it does not.
    pub fn new(concurrency: usize, queue: usize) -> Result<Self, PasswordError> {
        let running = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let admitted = running.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            running: Arc::new(Semaphore::new(running)),
            admitted: Arc::new(Semaphore::new(admitted)),
            at_once: running,
            places: admitted,
            decoy: decoy().map_err(|_| PasswordError::Failed)?,
        })
    }

    /// Hashes a new password into a PHC string, to be stored.
    ///
    /// # Errors
    /// [`PasswordError::Length`] if it is empty or too long; [`PasswordError::Busy`] or [`PasswordError::Failed`].
    pub async fn hash(&self, password: Secret<String>, random: &dyn Random) -> Result<Secret<String>, PasswordError> {
        if !has_allowed_length(&password) {
            return Err(PasswordError::Length);
        }
        let salt: [u8; SALT_BYTES] = random::bytes(random);
        self.run(move || {
            argon2id()
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map(|hash| Secret::new(hash.to_string()))
                .map_err(|_| PasswordError::Failed)
        })
        .await?
    }

    /// Checks a password against the stored PHC string, or against a decoy of the same cost if there is no such user.
    ///
    /// A password that is empty or too long is wrong at once, for every user alike: the time tells its sender only the length
    /// of what he sent, and a flood of long passwords costs us nothing.
    ///
    /// # Errors
    /// [`PasswordError::Stored`] if the stored hash is not argon2id, incomplete, or beyond 64 MiB, ten passes or four lanes;
    /// [`PasswordError::Busy`] or [`PasswordError::Failed`].
    pub async fn verify(&self, password: Secret<String>, phc: Option<&str>) -> Result<bool, PasswordError> {
        if !has_allowed_length(&password) {
            return Ok(false);
        }
        let known = phc.is_some();
        let stored = phc.map_or_else(|| Ok(self.decoy.clone()), parse_stored)?;
        self.run(move || {
            // The comparison of the two hashes takes constant time (`password_hash::phc::Output`).
            match argon2id().verify_password(password.expose().as_bytes(), &stored) {
                Ok(()) => Ok(known),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(_) => Err(PasswordError::Failed),
            }
        })
        .await?
    }

    /// How many hashes wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        // Whoever was admitted runs or waits.
        let admitted = self.places.saturating_sub(self.admitted.available_permits());
        let running = self.at_once.saturating_sub(self.running.available_permits());
        admitted.saturating_sub(running)
    }

    /// Runs one hash on a blocking thread.
    ///
    /// The permits travel with the work: a caller that hangs up does not free its place before the hash has ended.
    async fn run<T, F>(&self, work: F) -> Result<T, PasswordError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let place = Arc::clone(&self.admitted).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => PasswordError::Busy,
            TryAcquireError::Closed => PasswordError::Failed,
        })?;
        let running = async {
            let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Failed)?;
            tokio::task::spawn_blocking(move || {
                let result = work();
                drop((turn, place));
                result
            })
            .await
            .map_err(|_| PasswordError::Failed)
        };
        running.instrument(tracing::trace_span!(target: SPANS, "password hash")).await
    }
}

fn has_allowed_length(password: &Secret<String>) -> bool {
    (1..=MAX_PASSWORD_BYTES).contains(&password.expose().len())
}

fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, PARAMS)
}

/// A stored hash whose check costs no more than we allow.
fn parse_stored(phc: &str) -> Result<PasswordHash, PasswordError> {
    let hash =
        (phc.len() <= MAX_PHC_BYTES).then(|| PasswordHash::new(phc).ok()).flatten().ok_or(PasswordError::Stored)?;
    let params = Params::try_from(&hash).map_err(|_| PasswordError::Stored)?;
    let complete = hash.salt.is_some() && hash.hash.is_some_and(|hash| hash.len() >= MIN_HASH_BYTES);
    let ours = hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && params.keyid().is_empty()
        && params.data().is_empty();
    let affordable = params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES && params.p_cost() <= MAX_LANES;
    if complete && ours && affordable { Ok(hash) } else { Err(PasswordError::Stored) }
}

/// A hash with our own cost that no password is known to have; if one had, it would still not open anything.
fn decoy() -> argon2::password_hash::Result<PasswordHash> {
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&PARAMS)?,
        salt: Some(Salt::new(&[0; SALT_BYTES])?),
        hash: Some(Output::new(&[0; Params::DEFAULT_OUTPUT_LEN])?),
    })
}

/// The cost of a hash that we make. The library's own default; the assertion notices if that ever changes.
const PARAMS: Params = Params::DEFAULT;
const _: () = assert!(PARAMS.m_cost() == 19 * 1024 && PARAMS.t_cost() == 2 && PARAMS.p_cost() == 1);
/// The length of a salt, in bytes (RFC 9106 3.1).
const SALT_BYTES: usize = 16;
/// The longest stored hash, in bytes.
const MAX_PHC_BYTES: usize = 256;
/// The shortest hash output, in bytes.
const MIN_HASH_BYTES: usize = 16;
/// The most memory that a stored hash may ask for, in KiB: a little more than three times ours.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// The most passes that a stored hash may ask for.
const MAX_PASSES: u32 = 10;
/// The most lanes that a stored hash may ask for.
const MAX_LANES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn hasher(concurrency: usize, queue: usize) -> PasswordHasher {
        PasswordHasher::new(concurrency, queue).unwrap()
    }

    #[tokio::test]
    async fn knows_the_password_it_hashed() {
        let hasher = hasher(2, 8);
        let stored = hasher.hash(secret("correct horse"), &Fixed(7)).await.unwrap();
        let phc = stored.expose().as_str();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{phc}");
        assert!(hasher.verify(secret("correct horse"), Some(phc)).await.unwrap());
        assert!(!hasher.verify(secret("correct horsf"), Some(phc)).await.unwrap());
        assert!(!hasher.verify(secret("correct horse"), None).await.unwrap());
        let other = hasher.hash(secret("correct horse"), &Fixed(8)).await.unwrap();
        assert_ne!(other.expose(), phc);
    }

    #[tokio::test]
    async fn the_decoy_costs_what_a_real_hash_costs() {
        let hasher = hasher(1, 0);
        assert_eq!(Params::try_from(&hasher.decoy).unwrap().m_cost(), PARAMS.m_cost());
        assert_eq!(Params::try_from(&hasher.decoy).unwrap().t_cost(), PARAMS.t_cost());
        assert!(parse_stored(&hasher.decoy.to_string()).is_ok());
    }

    #[tokio::test]
    async fn the_password_of_the_decoy_opens_nothing() {
        let mut hasher = hasher(1, 0);
        let known = hasher.hash(secret("known"), &Fixed(3)).await.unwrap();
        hasher.decoy = parse_stored(known.expose()).unwrap();
        assert!(!hasher.verify(secret("known"), None).await.unwrap());
    }

    #[tokio::test]
    async fn refuses_empty_and_endless_passwords() {
        let hasher = hasher(1, 4);
        let longest = "x".repeat(MAX_PASSWORD_BYTES);
        let stored = hasher.hash(secret(&longest), &Fixed(1)).await.unwrap();
        assert!(hasher.verify(secret(&longest), Some(stored.expose())).await.unwrap());
        for bad in [String::new(), format!("{longest}x")] {
            let hashed = hasher.hash(secret(&bad), &Fixed(1)).await;
            assert!(matches!(hashed, Err(PasswordError::Length)));
            assert!(!hasher.verify(secret(&bad), Some(stored.expose())).await.unwrap());
        }
    }

    #[tokio::test]
    async fn says_busy_instead_of_queueing_without_end() {
        let hasher = hasher(1, 1);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let running = hasher.run(move || finished.recv().is_ok());
        let waiting = hasher.verify(secret("x"), None);
        let refused = async {
            let refused = hasher.verify(secret("x"), None).await;
            finish.send(()).unwrap();
            refused
        };
        let (first, second, third) = tokio::join!(running, waiting, refused);
        assert!(first.unwrap());
        assert!(!second.unwrap());
        assert!(matches!(third, Err(PasswordError::Busy)));
        assert!(!hasher.verify(secret("x"), None).await.unwrap(), "free again");
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_keeps_its_place_until_the_work_ends() {
        let hasher = hasher(1, 0);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        tokio::select! {
            biased;
            _ = hasher.run(move || finished.recv()) => unreachable!("the work waits"),
            () = std::future::ready(()) => {}
        }
        let refused = hasher.verify(secret("x"), None).await;
        assert!(matches!(refused, Err(PasswordError::Busy)));
        finish.send(()).unwrap();
        let _place = hasher.admitted.acquire().await.unwrap();
    }

    #[test]
    fn refuses_stored_hashes_that_cost_too_much_or_are_not_ours() {
        let tail = "c29tZXNhbHQxMjM0NTY$c29tZWhhc2hvZnNpeHRlZW5ieXRlcw";
        assert!(parse_stored(&format!("$argon2id$v=19$m=65536,t=10,p=4${tail}")).is_ok());
        for head in [
            "$argon2id$v=19$m=65537,t=2,p=1",
            "$argon2id$v=19$m=4294967295,t=2,p=1",
            "$argon2id$v=19$m=19456,t=11,p=1",
            "$argon2id$v=19$m=19456,t=2,p=5",
            "$argon2i$v=19$m=19456,t=2,p=1",
            "$argon2d$v=19$m=19456,t=2,p=1",
            "$argon2id$v=16$m=19456,t=2,p=1",
            "$argon2id$m=19456,t=2,p=1",
            "$scrypt$ln=17,r=8,p=1",
        ] {
            assert!(parse_stored(&format!("{head}${tail}")).is_err(), "{head}");
        }
        let long = format!("$argon2id$v=19$m=19456,t=2,p=1${tail}{}", "A".repeat(300));
        for bad in ["", "$", "plain", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY", &long] {
            assert!(parse_stored(bad).is_err(), "{bad}");
        }
    }
}
