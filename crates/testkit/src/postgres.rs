//! Throw-away PostgreSQL databases: one empty database per test, on the server that `./test` starts.
//!
//! A test never skips PostgreSQL in silence: without a server it fails and says how to get one. Nothing here touches a
//! database that it did not create itself.

use std::{thread, time::Duration};

use tokio::{runtime, time};
use tokio_postgres::{Client, NoTls};
use url::Url;

/// The environment variable that names the server; `./test` sets it.
pub const SERVER_VARIABLE: &str = "LOMBARD_TEST_POSTGRES";

/// How long one statement may take, with connecting, before the test fails instead of hanging.
const STATEMENT_SECONDS: u64 = 30;

/// Random bytes in a database's name: enough that test processes never meet.
const NAME_BYTES: usize = 8;

/// The URL of the PostgreSQL server for tests.
///
/// # Panics
/// When the variable is not set: a test that quietly leaves one engine out is worth nothing.
#[must_use]
pub fn url() -> String {
    required(std::env::var(SERVER_VARIABLE).ok())
}

/// An empty database of its own for one test; it is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Where to connect to this database.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Creates an empty database with a name that nobody else uses.
///
/// # Panics
/// When there is no server or it refuses: the sentence says what to do.
pub async fn fresh_database() -> TestDatabase {
    let server = url();
    let name = unused_name();
    let url = with_database(&server, &name);
    // template0 is never connected to, so parallel tests cannot block each other by looking at the template.
    let created = run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    assert!(created.is_ok(), "cannot create a database for this test: {created:?}; is {SERVER_VARIABLE} right?");
    TestDatabase { server, name, url }
}

impl Drop for TestDatabase {
    /// Drops the database, also while connections of the test are still open.
    ///
    /// The runtime of the test may be ending at this moment, so the statement runs on a thread with its own.
    fn drop(&mut self) {
        let server = std::mem::take(&mut self.server);
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropping = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(|e| e.to_string())?.block_on(run(&server, &statement))
        });
        // Never a panic here: one more on top of a failing test would abort the process and hide its reason.
        match dropping.join() {
            Ok(Ok(())) => {}
            Ok(Err(why)) => eprintln!("the test database {} was left behind: {why}", self.name),
            Err(_) => eprintln!("the test database {} was left behind", self.name),
        }
    }
}

/// Runs one statement on a connection of its own. The text of an error never contains the URL with its password.
async fn run(url: &str, statement: &str) -> Result<(), String> {
    let work = async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(|e| chain(&e))?;
        let driver = tokio::spawn(connection);
        let outcome = execute(&client, statement).await;
        drop(client);
        // The connection ends by itself once its client is gone; its own error adds nothing to the statement's.
        drop(driver.await);
        outcome
    };
    time::timeout(Duration::from_secs(STATEMENT_SECONDS), work)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {STATEMENT_SECONDS} seconds")))
}

async fn execute(client: &Client, statement: &str) -> Result<(), String> {
    client.batch_execute(statement).await.map_err(|e| chain(&e))
}

/// An error with its reasons: `tokio-postgres` keeps the server's words in the source.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(reason) = source {
        text.push_str(": ");
        text.push_str(&reason.to_string());
        source = reason.source();
    }
    text
}

#[expect(clippy::panic, reason = "a test without its server must fail, with a sentence that helps")]
fn required(value: Option<String>) -> String {
    match value {
        Some(url) if !url.is_empty() => url,
        _ => panic!(
            "{SERVER_VARIABLE} is not set: run the tests with ./test, which starts a throw-away PostgreSQL, \
             or set it to the URL of a server where databases may be created"
        ),
    }
}

/// Lower-case letters, digits and `_` only, so that the name needs no quotes in a statement.
#[expect(clippy::expect_used, reason = "Cannot fail: the system's generator only fails before it is seeded, at boot")]
fn unused_name() -> String {
    let mut bytes = [0; NAME_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    let random = u64::from_be_bytes(bytes);
    format!("lombard_test_{}_{random:016x}", std::process::id())
}

#[expect(clippy::expect_used, reason = "a test with a malformed server URL must fail, and say so")]
fn with_database(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).expect("LOMBARD_TEST_POSTGRES is a postgres:// URL");
    url.set_path(name);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "run the tests with ./test")]
    fn says_what_to_do_without_a_server() {
        required(None);
    }

    #[test]
    #[should_panic(expected = "run the tests with ./test")]
    fn treats_an_empty_variable_as_none() {
        required(Some(String::new()));
    }

    #[test]
    fn changes_only_the_database_in_the_url() {
        let server = "postgres://postgres:secret@127.0.0.1:5433/postgres?application_name=t";
        assert_eq!(
            with_database(server, "lombard_test_1"),
            "postgres://postgres:secret@127.0.0.1:5433/lombard_test_1?application_name=t"
        );
    }

    #[test]
    fn names_need_no_quotes_and_differ() {
        let (one, other) = (unused_name(), unused_name());
        assert_ne!(one, other);
        assert!(one.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        // PostgreSQL cuts longer names short, in silence.
        assert!(one.len() <= 63, "{one}");
    }

    #[tokio::test]
    async fn gives_every_test_its_own_empty_database_and_takes_it_back() {
        let one = fresh_database().await;
        let other = fresh_database().await;
        assert_ne!(one.url(), other.url());

        run(one.url(), "CREATE TABLE mine (id bigint)").await.unwrap();
        run(other.url(), "CREATE TABLE mine (id bigint)").await.unwrap();

        // A connection that a test forgot to close does not keep its database alive.
        let (_client, connection) = tokio_postgres::connect(one.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let url = one.url().to_owned();
        drop(one);
        let refused = run(&url, "CREATE TABLE more (id bigint)").await.unwrap_err();
        assert!(refused.contains("does not exist"), "{refused}");
    }
}
