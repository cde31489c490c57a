//! How the settings tell customers something, and what is found wrong with that.

use lombard_auth::{PostError, PostItem};
use lombard_domain::browser::Browser;
use lombard_domain::id::{CustomerId, ReceiptId};
use lombard_domain::receipt::{Origin, Receipt, What};
use lombard_testkit::MailServer;

use super::*;
use crate::config::receipts::{Receipts, Sender};
use crate::files;
use crate::post::Security;

fn sign_in() -> Receipt {
    Receipt {
        id: ReceiptId::from_bits(7),
        customer: CustomerId::from_bits(1),
        at: Instant::from_seconds(1_772_452_980),
        what: What::SignedIn(Origin { network: None, browser: Browser::default() }),
        is_last: false,
    }
}

/// Settings for this mail server, whose authority and password are files.
fn by_mail(folder: &Path, mail: &MailServer) -> Config {
    let (authority, password) = (folder.join("mail-ca.pem"), folder.join("mail.password"));
    fs::write(&authority, mail.certificate_pem()).unwrap();
    files::write_whole(&password, b"pass word\n", files::Readers::Owner).unwrap();
    let mut config = production(folder);
    config.server.bank_name = Some(Text::new("Example Bank").unwrap());
    config.receipts = Receipts {
        sender: Sender::Smtp,
        from: Some("Example Bank <no-reply@bank.example>".to_owned()),
        contact: Some(Text::new("+44 20 7946 0000").unwrap()),
        smtp_host: Some("localhost".to_owned()),
        smtp_port: mail.starttls,
        smtp_security: Security::Starttls,
        smtp_ca_file: Some(authority),
        smtp_user: Some("lombard".to_owned()),
        smtp_password_file: Some(password),
        ..Receipts::default()
    };
    config
}

#[tokio::test]
async fn letters_go_to_the_mail_server_of_the_settings() {
    let (folder, mail) = (tempfile::tempdir().unwrap(), MailServer::start().await);
    let mut config = by_mail(folder.path(), &mail);
    assert_eq!(findings(&config), []);
    let receipt = sign_in();
    let item = PostItem { to: "ann@customers.example", receipt: &receipt };
    config.post(&|_| None).unwrap().unwrap().send(item).await.unwrap();
    config.receipts.smtp_password_file = None;
    config.receipts.smtp_password_env = Some("PASSWORD".to_owned());
    let environment = |name: &str| (name == "PASSWORD").then(|| "from outside".to_owned());
    config.post(&environment).unwrap().unwrap().send(item).await.unwrap();
    assert!(config.post(&|_| None).is_err(), "no such variable");
    let taken = mail.taken();
    let logins: Vec<_> = taken.iter().map(|letter| letter.login.as_deref().unwrap()).collect();
    assert_eq!(logins, ["lombard pass word", "lombard from outside"]);
    for part in ["Subject: Example Bank: New sign-in", "+44 20 7946 0000", "https://bank.example/my/consents"] {
        assert!(taken[0].data.contains(part), "{part}: {}", taken[0].data);
    }
    // The system's authorities do not know this server's.
    config.receipts = Receipts { smtp_ca_file: None, smtp_user: None, smtp_password_env: None, ..config.receipts };
    let refused = config.post(&|_| None).unwrap().unwrap().send(item).await;
    assert!(matches!(refused, Err(PostError::Later(_))), "{refused:?}");
    assert_eq!(mail.taken().len(), 2);
}

#[tokio::test]
async fn letters_go_into_the_folder_of_the_settings_or_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = production(folder.path());
    let receipt = sign_in();
    let item = PostItem { to: "ann@customers.example", receipt: &receipt };
    config.post(&|_| None).unwrap().unwrap().send(item).await.unwrap();
    let file = folder.path().join("receipts").join(format!("{}.eml", receipt.id));
    assert!(fs::read_to_string(file).unwrap().contains("From: no-reply@bank.example\r\n"), "from the bank's own host");
    config.receipts.sender = Sender::None;
    assert!(config.post(&|_| None).unwrap().is_none());
    let found = findings(&config);
    assert_eq!(found.len(), 1);
    assert!(
        matches!(&found[0], (Weight::Warning, "receipts.sender", text) if text.contains("customers are told neither"))
    );
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_the_start() {
    let (folder, mail) = (tempfile::tempdir().unwrap(), MailServer::start().await);
    type Spoil = fn(&mut Receipts, &Path);
    let cases: [(&str, Spoil); 4] = [
        ("receipts.smtp_ca_file", |receipts, _| receipts.smtp_ca_file = Some("/no/such/file".into())),
        ("receipts.smtp_password_file", |receipts, _| receipts.smtp_password_file = Some("/no/such/file".into())),
        ("receipts.smtp_password_file", |_, folder| open_up(&folder.join("mail.password"))),
        ("receipts.smtp_password_env", |receipts, _| {
            receipts.smtp_password_file = None;
            receipts.smtp_password_env = Some("NOT_SET".to_owned());
        }),
    ];
    for (key, spoil) in cases {
        let mut config = by_mail(folder.path(), &mail);
        spoil(&mut config.receipts, folder.path());
        let found = findings(&config);
        assert!(matches!(&found[..], [(Weight::Refusal, found, _)] if *found == key), "{key}: {found:?}");
    }
}

#[test]
fn what_does_not_fit_together_is_an_error_of_its_key() {
    let smtp = "sender = \"smtp\"\nsmtp_host = \"mail.example\"\nfrom = \"a@b.example\"\n";
    for (lines, key, words) in [
        ("sender = \"pigeon\"\n", "sender", "one of `file`, `none`, `smtp`"),
        ("sender = \"file\"\n", "folder", "is needed"),
        ("sender = \"smtp\"\n", "smtp_host", "is needed"),
        ("sender = \"smtp\"\nsmtp_host = \"mail.example\"\n", "from", "is needed"),
        ("from = \"nobody\"\n", "from", "is no address"),
        ("smtp_user = \"a\"\n", "smtp_user", "with a password"),
        ("smtp_password_env = \"A\"\n", "smtp_user", "with a password"),
        ("per_hour = 0\n", "per_hour", "between 1 and 1000"),
        ("smtp_port = 0\n", "smtp_port", "between 1 and 65535"),
    ] {
        let error = load(&format!("{REQUIRED}[receipts]\n{lines}")).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(format!("receipts.{key}").as_str()), "{lines}{error}");
        assert!(error.message.contains(words), "{error}");
    }
    let both = format!("{smtp}smtp_user = \"u\"\nsmtp_password_file = \"a\"\nsmtp_password_env = \"b\"\n");
    let error = load(&format!("{REQUIRED}[receipts]\n{both}")).unwrap_err();
    assert!(error.message.contains("not both"), "{error}");
    let config = load(&format!("{REQUIRED}[receipts]\n{smtp}")).unwrap();
    assert_eq!((config.receipts.smtp_port, config.receipts.smtp_security), (465, Security::Implicit));
    assert_eq!(config.policy().unwrap().receipts_per_hour, 12);
}
