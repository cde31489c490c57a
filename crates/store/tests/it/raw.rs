//! Straight to a database, past the store: to look at what is really there, and to break it.

use rusqlite::types::ValueRef;

/// The rows of a query, each with its columns written one after the other: NULL as `NULL`, bytes in lower-case hexadecimal.
pub(crate) async fn rows(url: &str, sql: &str) -> Vec<String> {
    match path(url) {
        Some(path) => {
            let connection = rusqlite::Connection::open(path).unwrap();
            let mut statement = connection.prepare(sql).expect(sql);
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                let columns: Vec<_> = (0..columns).map(|column| written(row.get_ref(column).unwrap())).collect();
                Ok(columns.join(" "))
            });
            rows.unwrap().map(Result::unwrap).collect()
        }
        None => {
            let messages = postgres(url).await.simple_query(sql).await.expect(sql);
            let rows = messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            let column = |text: Option<&str>| text.map_or("NULL", |text| text.trim_start_matches("\\x")).to_owned();
            rows.map(|row| (0..row.len()).map(|place| column(row.get(place))).collect::<Vec<_>>().join(" ")).collect()
        }
    }
}

/// Runs statements that must not fail.
pub(crate) async fn execute(url: &str, sql: &str) {
    match path(url) {
        Some(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).expect(sql),
        None => postgres(url).await.batch_execute(sql).await.expect(sql),
    }
}

/// The file of an embedded database.
pub(crate) fn path(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite://")
}

async fn postgres(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn written(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => hex(bytes),
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that a text of digits stands for.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Why the database refuses a statement.
pub(crate) async fn refusal(url: &str, sql: &str) -> String {
    match path(url) {
        Some(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).expect_err(sql).to_string(),
        None => {
            let error = postgres(url).await.batch_execute(sql).await.expect_err(sql);
            error.as_db_error().map_or_else(String::new, |error| error.message().to_owned())
        }
    }
}
