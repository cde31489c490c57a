//! One RSA key for all banks of a test program: it takes a second to make, and hundreds of banks would make it for nothing.

use std::sync::LazyLock;

use lombard_auth::jose::{Alg, SigningKey};
use lombard_domain::time::Instant;
use lombard_store::Db;
use lombard_store::key::{self, StoredKey};

/// Gives a new database its first RSA key, so that its ring need not make one.
pub(crate) async fn lend(db: &Db, now: Instant) {
    let key = tokio::task::spawn_blocking(|| LazyLock::force(&KEY)).await.expect("a thread");
    let stored = StoredKey {
        kid: key.kid().to_owned(),
        alg: key.alg().name().to_owned(),
        public_jwk: key.public().to_json().to_string(),
        private: key.to_pkcs8().expect("a document"),
        created_at: now,
        active_from: now,
    };
    let mut tx = db.begin("lend a key").await.expect("a transaction");
    key::insert(&mut tx, &stored).await.expect("a new key");
    tx.commit().await.expect("a commit");
}

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Alg::Ps256).expect("a key"));
