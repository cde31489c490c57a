//! What a thief finds in the files of a database: nothing of any customer. And `lombard doctor --at-rest`, which looks for it.

use std::collections::BTreeSet;
use std::fs;

use lombard_testkit::{example_folder, postgres};
use reqwest::StatusCode;

use crate::command::lombard;
use crate::story::{SCOPE, Sandbox, read_all};

#[tokio::test]
async fn no_name_number_or_secret_of_any_customer_stands_in_the_files() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let data = sandbox.data();
    lombard(&["import", example_folder().to_str().unwrap(), "--data", &data]).good();
    let bank = sandbox.bank();
    let mut needles = BTreeSet::new();
    let facts = sandbox.facts();
    let customers = facts["customers"].as_array().unwrap();
    assert!(customers.len() >= 3);
    for customer in customers {
        let username = customer["username"].as_str().unwrap();
        for part in ["name", "password", "username"] {
            needles.insert(customer[part].as_str().unwrap().as_bytes().to_vec());
        }
        let app = bank.register().await;
        let tokens = bank.connect(&app, &sandbox.customer(username), SCOPE).await;
        let answer = app.read("/accounts", &tokens.access).await;
        for account in answer["Data"]["Account"].as_array().unwrap() {
            for number in account["Account"].as_array().into_iter().flatten() {
                needles.insert(number["Identification"].as_str().unwrap().as_bytes().to_vec());
            }
        }
        let uri = lombard(&["customer", "enrol-totp", username, "--data", &data]).good();
        let secret = uri.split("secret=").nth(1).unwrap().split(['&', '\n']).next().unwrap();
        needles.insert(secret.as_bytes().to_vec());
        needles.insert(base32(secret));
    }
    // What a crash leaves: the log is not folded into the file.
    server.kill();
    needles.retain(|needle| needle.len() >= 5);
    assert!(needles.len() >= 5 * customers.len(), "{}", needles.len());
    for name in ["bank.db", "bank.db-wal"] {
        let bytes = fs::read(sandbox.folder().join(name)).unwrap();
        assert!(bytes.len() > 30_000, "{name}");
        for needle in &needles {
            let found = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{} in {name}", String::from_utf8_lossy(needle));
        }
    }
    let said = lombard(&["doctor", "--at-rest", "--data", &data]).good();
    assert!(said.contains("Nothing was found."), "{said}");
}

#[tokio::test]
async fn the_doctor_finds_what_stands_in_the_clear_and_does_not_tell_it() {
    let sandbox = Sandbox::new();
    sandbox.start().await.stop().await;
    let data = sandbox.data();
    assert!(lombard(&["doctor", "--at-rest", "--data", &data]).good().contains("Nothing was found."));
    let facts = sandbox.facts();
    let names = facts["customers"].as_array().unwrap().iter().map(|customer| customer["name"].as_str().unwrap());
    let name = names.max_by_key(|name| name.len()).unwrap();
    let file = rusqlite::Connection::open(sandbox.folder().join("bank.db")).unwrap();
    file.execute_batch("CREATE TABLE planted (text TEXT)").unwrap();
    file.execute("INSERT INTO planted VALUES (upper($1))", [name]).unwrap();
    let ran = lombard(&["doctor", "--at-rest", "--data", &data]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("bank.db") && ran.out.contains("at byte "), "{ran:?}");
    assert!(ran.out.contains("a customer's name"), "{ran:?}");
    let told = format!("{}{}", ran.out, ran.err).to_lowercase();
    assert!(!told.contains(&name.to_lowercase()), "{told}");
}

#[tokio::test]
async fn the_doctor_looks_through_all_tables_of_a_server() {
    let database = postgres::fresh_database().await;
    let sandbox = Sandbox::on(database.url());
    sandbox.start().await.stop().await;
    let said = lombard(&["doctor", "--at-rest", "--data", &sandbox.data(), "--database", database.url()]).good();
    assert!(said.contains("Nothing was found.") && said.contains("all tables"), "{said}");
    let bytes: u64 = said.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(bytes > 100_000, "{said}");
}

#[tokio::test]
async fn an_erased_customer_is_gone_at_once_and_others_are_not() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let (bank, data) = (sandbox.bank(), sandbox.data());
    lombard(&["import", example_folder().to_str().unwrap(), "--data", &data]).good();
    let app = bank.register().await;
    // They hold an account together, and she has two of her own.
    let (amelia, jonah) = (sandbox.customer("amelia"), sandbox.customer("jonah"));
    let gone = bank.connect(&app, &amelia, SCOPE).await;
    let stays = bank.connect(&app, &jonah, SCOPE).await;
    let before = read_all(&app, &stays.access).await;
    assert_eq!(read_all(&app, &gone.access).await.0, 3);

    let erase = ["customer", "erase", "--customer", "amelia", "--data", &data];
    assert!(lombard(&erase).refused().contains("--yes"));
    let own = ["customer", "erase", "--customer", "alice", "--yes", "--data", &data];
    assert!(lombard(&own).refused().contains("sandbox's own"));
    assert_eq!(read_all(&app, &gone.access).await.0, 3, "nothing was done yet");

    let said = lombard(&[&erase[..], &["--yes"]].concat()).good();
    assert!(said.contains("with 2 accounts") && said.contains("3 data keys"), "{said}");
    assert_eq!(app.get("/accounts", &gone.access).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(app.refresh(&gone.refresh).await.status(), StatusCode::BAD_REQUEST);
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let page = browser.sign_in_with(&page, &amelia.username, &amelia.password, &amelia.code).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "nobody signs in by that name");
    assert_eq!(read_all(&app, &stays.access).await, before);
    assert!(lombard(&[&erase[..], &["--yes"]].concat()).refused().contains("no such customer"));
    let said = lombard(&["import", example_folder().to_str().unwrap(), "--data", &data]);
    assert_ne!(said.code, 0, "what the bank erased does not come back: {said:?}");
    server.stop().await;
    sandbox.start().await.stop().await;
    assert!(sandbox.facts()["customers"].as_array().unwrap().iter().all(|customer| customer["username"] != "amelia"));
}

/// RFC 4648, section 6, without padding.
fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut out) = (0_u32, 0_u32, Vec::new());
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            other => panic!("{other} is not base32"),
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((held >> bits) & 0xFF).unwrap());
        }
    }
    out
}
