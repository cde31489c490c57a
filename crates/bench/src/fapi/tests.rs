//! Whether what is measured works at all, at a bank in this process. No time is looked at.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lombard_domain::time::{Clock as _, Span};
use lombard_testkit::TestBank;

use super::{App, Flows, Supply};
use crate::case::{self, Protocol};
use crate::load::{self, Load, Target};
use crate::sandbox::{Customer, Facts};
use crate::tls;

/// A bank whose clock shows our time, or nearly: it stands still, so it is set ahead, and our proofs are neither too old nor too new.
async fn bank() -> TestBank {
    let bank = TestBank::new().await;
    #[expect(clippy::disallowed_methods, reason = "the app under test has the machine's clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    bank.clock.advance(Span::seconds(i64::try_from(now).unwrap() + AHEAD_SECONDS - bank.clock.now().seconds()));
    bank
}

fn facts(bank: &TestBank, folder: &tempfile::TempDir) -> Arc<Facts> {
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, bank.certificate_pem()).unwrap();
    let customer = |name: &str| Customer { username: name.to_owned(), password: TestBank::PASSWORD.to_owned() };
    Arc::new(Facts {
        issuer: bank.issuer.clone(),
        ca_file: ca_file.to_str().unwrap().to_owned(),
        second_factor: TestBank::CODE.to_owned(),
        customers: vec![customer("amelia"), customer("jonah")],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_goes_from_a_pushed_request_to_data_in_ten_requests() {
    let (bank, folder) = (bank().await, tempfile::tempdir().unwrap());
    let app = App::register(&facts(&bank, &folder)).await.unwrap();
    let flows = Flows::measure(&app, std::process::id(), 2, Duration::ZERO).await.unwrap();
    assert_eq!((flows.measured.micros.len(), flows.requests), (2, 10));
    assert!(Flows::measure(&app, std::process::id(), 3, Duration::ZERO).await.is_err(), "only two customers");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_a_load_is_accepted_whether_signed_before_or_on_the_way() {
    let (bank, folder) = (bank().await, tempfile::tempdir().unwrap());
    let facts = facts(&bank, &folder);
    let app = App::register(&facts).await.unwrap();
    let connected = app.connect(&facts.customers[0]).await.unwrap();
    let client = tls::client(facts.ca_file.as_ref()).unwrap();
    let target = Target { name: "bank", port: bank.port(), pid: std::process::id(), client };
    for protocol in [Protocol::Http2, Protocol::Http1] {
        let load = |seconds| Load::new(protocol, Duration::ZERO, Duration::from_secs_f64(seconds));
        for case in case::fapi(&app, &connected.token) {
            load::record(&target, &case).await.unwrap();
            let supply = Arc::new(Supply::signed(case.signer.as_ref().unwrap(), 1).unwrap());
            let measured = load::run(&target, &case, load(1.0), &supply).await.unwrap();
            assert!(supply.late() > 0 && !measured.micros.is_empty(), "{}", case.name);
            // What was sent once is refused, so the load above sent nothing twice.
            let again = load::run(&target, &case, load(0.05), &Arc::new(supply.again())).await;
            assert!(again.is_err_and(|error| error.to_string().contains("workers failed")), "{}", case.name);
        }
    }
}

/// By how much the bank's clock is ahead.
const AHEAD_SECONDS: i64 = 20;
