//! Whether what is measured works at all, at a bank in this process. No time is looked at.

use std::collections::HashSet;
use std::sync::Arc;

use lombard_testkit::{Engine, TestBank};

use super::bank::{Bank, READER};
use super::question::QUESTIONS;
use crate::case;
use crate::load::{self, Target};
use crate::sandbox::{Customer, Facts};
use crate::{story, tls};

#[tokio::test(flavor = "multi_thread")]
async fn the_files_can_be_imported_and_every_question_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    Bank { own: 60, neighbours: 2, each: 3 }.write(&files).unwrap();
    let bank = TestBank::with(Engine::Sqlite, &files, |_| {}).await;

    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, bank.certificate_pem()).unwrap();
    let reader = Customer { username: READER.to_owned(), password: TestBank::PASSWORD.to_owned() };
    let facts = Arc::new(Facts {
        issuer: bank.issuer.clone(),
        ca_file: ca_file.to_str().unwrap().to_owned(),
        second_factor: TestBank::CODE.to_owned(),
        customers: vec![reader],
    });
    let client = tls::client(&ca_file).unwrap();
    let target = Target { name: "bank", port: bank.port(), pid: std::process::id(), client };
    let access = story::connect(&facts).await.unwrap();
    let mut paths = HashSet::new();
    for question in &QUESTIONS {
        let path = question.path(&facts, &access).await.unwrap();
        load::record(&target, &case::read(question.name, path.clone(), &access)).await.unwrap();
        assert!(paths.insert(path), "{} is asked twice", question.name);
    }
}
