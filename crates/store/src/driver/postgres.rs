//! PostgreSQL: a pool of connections, each with its own cache of prepared statements.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Statement;
use tokio_postgres::config::SslMode;

use super::{Cell, Kept, Params, Row, Slot, Value};
use crate::error::{Cause, Error, Result};

/// A PostgreSQL database: connections that write, and others that the server itself keeps from writing.
pub(crate) struct Postgres {
    readers: Pool,
    writers: Pool,
}

impl Postgres {
    /// Prepares the pools, half of the connections each; connections are made when they are needed.
    pub(crate) fn open(url: &str, connections: usize, ca_file: Option<&Path>) -> Result<Self> {
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|_| Error::Url("cannot be read as a PostgreSQL address"))?;
        config.connect_timeout(WAIT_MAX);
        config.application_name("lombard");
        let size = connections.div_ceil(2).max(1);
        let writers = pool(config.clone(), size, ca_file)?;
        let asked = config.get_options().map(|options| format!("{options} ")).unwrap_or_default();
        config.options(format!("{asked}-c default_transaction_read_only=on"));
        Ok(Self { readers: pool(config, size, ca_file)?, writers })
    }

    /// How many connections there are for reading, and how many for writing.
    pub(crate) fn connections(&self) -> (usize, usize) {
        (self.readers.status().max_size, self.writers.status().max_size)
    }

    /// A connection for reading, outside any transaction.
    pub(crate) async fn read(&self) -> Result<Object> {
        Ok(self.readers.get().await?)
    }

    /// Gives away every table as it is copied in binary form, in which texts and bytes stand as they are.
    pub(crate) async fn dump(&self, each: &mut (dyn FnMut(&str, &[u8]) + Send)) -> Result<()> {
        let connection = self.read().await?;
        let tables = connection
            .query(
                "-- driver::dump\nSELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
                &[],
            )
            .await?;
        for row in tables {
            let table: String = row.try_get(0)?;
            let copied = connection.copy_out(&format!("COPY {table} TO STDOUT (FORMAT binary)")).await?;
            let mut copied = std::pin::pin!(copied);
            while let Some(bytes) = copied.try_next().await? {
                each(&table, &bytes);
            }
        }
        Ok(())
    }

    /// A connection within a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction> {
        let transaction = Transaction { connection: Some(self.writers.get().await?) };
        transaction.connection()?.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        Ok(transaction)
    }
}

fn pool(mut config: tokio_postgres::Config, size: usize, ca_file: Option<&Path>) -> Result<Pool> {
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match (config.get_ssl_mode(), ca_file) {
        // Nothing may fall back to plain text in silence: TLS is either demanded, and then verified, or not used.
        (SslMode::Require, Some(ca_file)) => {
            let tls = tokio_postgres_rustls::MakeRustlsConnect::new(client_tls(ca_file)?);
            Manager::from_config(config, tls, manager_config)
        }
        (SslMode::Require, None) => return Err(Error::Url("sslmode=require needs the file of the CA (ca_file)")),
        _ => {
            config.ssl_mode(SslMode::Disable);
            Manager::from_config(config, tokio_postgres::NoTls, manager_config)
        }
    };
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(WAIT_MAX))
        .create_timeout(Some(WAIT_MAX))
        .recycle_timeout(Some(WAIT_MAX))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|_| Error::Url("the connection pool cannot be built"))
}

/// A connection within a transaction, which is rolled back on drop unless it was committed.
pub(crate) struct Transaction {
    connection: Option<Object>,
}

impl Transaction {
    pub(crate) fn connection(&self) -> Result<&Object> {
        self.connection.as_ref().ok_or(Error::Busy(None))
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        self.connection()?.batch_execute("COMMIT").await?;
        self.connection = None;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    if connection.batch_execute("ROLLBACK").await.is_err() {
                        drop(Object::take(connection));
                    }
                });
            }
            // Without a runtime the connection is closed, and PostgreSQL rolls back.
            Err(_) => drop(Object::take(connection)),
        }
    }
}

/// Runs a statement that gives no rows; how many rows it touched.
pub(crate) async fn exec(connection: &Object, sql: &'static str, params: Params<'_>) -> Result<u64> {
    let statement = connection.prepare_cached(sql).await?;
    Ok(connection.execute(&statement, &upcast(params)).await?)
}

/// Runs one statement for many sets of parameters, sent without waiting in between; how many rows each touched.
pub(crate) async fn exec_many<const N: usize>(
    connection: &Object,
    sql: &'static str,
    sets: &[[Value<'_>; N]],
) -> Result<Vec<u64>> {
    let statement = connection.prepare_cached(sql).await?;
    let mut touched = Vec::with_capacity(sets.len());
    for chunk in sets.chunks(IN_FLIGHT) {
        let params: Vec<_> = chunk.iter().map(|params| upcast(params)).collect();
        let running = params.iter().map(|params| connection.execute(&statement, params));
        touched.extend(try_join_all(running).await?);
    }
    Ok(touched)
}

/// Runs a statement and maps its rows.
pub(crate) async fn all<T>(
    connection: &Object,
    sql: &'static str,
    params: Params<'_>,
    map: &mut (dyn FnMut(&Row<'_>) -> Result<T> + Send),
) -> Result<Vec<Slot<T>>> {
    let statement = connection.prepare_cached(sql).await?;
    let rows = connection.query(&statement, &upcast(params)).await?;
    let slot = |row| match map(&Row::Postgres(&row)) {
        Ok(mapped) => Ok(Slot::Mapped(mapped)),
        Err(Error::KeyNotHeld(id)) => Ok(Slot::Waits(id, Kept::Postgres(row))),
        Err(other) => Err(other),
    };
    rows.into_iter().map(slot).collect()
}

/// Visits the rows of a statement, one after the other, without holding all of them.
pub(crate) async fn each<E: From<Error>>(
    connection: &Object,
    sql: &str,
    visit: &mut (impl FnMut(&[String], &Row<'_>) -> std::result::Result<(), E> + Send),
) -> std::result::Result<(), E> {
    let statement = connection.prepare(sql).await.map_err(Error::from)?;
    let columns = names(&statement);
    let nothing: [&(dyn postgres_types::ToSql + Sync); 0] = [];
    let mut rows = pin!(connection.query_raw(&statement, nothing).await.map_err(Error::from)?);
    while let Some(row) = rows.try_next().await.map_err(Error::from)? {
        visit(&columns, &Row::Postgres(&row))?;
    }
    Ok(())
}

/// The names of the columns that a statement gives.
pub(crate) async fn columns(connection: &Object, sql: &str) -> Result<Vec<String>> {
    Ok(names(&connection.prepare(sql).await?))
}

fn names(statement: &Statement) -> Vec<String> {
    statement.columns().iter().map(|column| column.name().to_owned()).collect()
}

/// Runs a statement once for each row, sent without waiting in between.
pub(crate) async fn fill(connection: &Object, sql: &str, rows: &[Vec<Cell>]) -> Result<()> {
    let statement = connection.prepare(sql).await?;
    for chunk in rows.chunks(IN_FLIGHT) {
        let params: Vec<Vec<&(dyn postgres_types::ToSql + Sync)>> = chunk
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| {
                        let value: &(dyn postgres_types::ToSql + Sync) = cell;
                        value
                    })
                    .collect()
            })
            .collect();
        try_join_all(params.iter().map(|params| connection.execute(&statement, params))).await?;
    }
    Ok(())
}

fn upcast<'a>(params: Params<'a>) -> Vec<&'a (dyn postgres_types::ToSql + Sync)> {
    params
        .iter()
        .map(|param| {
            let value: &'a (dyn postgres_types::ToSql + Sync) = *param;
            value
        })
        .collect()
}

fn client_tls(ca_file: &Path) -> Result<rustls::ClientConfig> {
    let unreadable = || Error::Url("the file of the CA cannot be read");
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file).map_err(|_| unreadable())? {
        roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::Url("TLS cannot be set up"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self::Unavailable(cause)
    }
}

/// How long a connection may take to be had.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Makes a transaction see one moment only.
pub(crate) const SNAPSHOT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Statements sent before the first answer is read.
const IN_FLIGHT: usize = 256;
