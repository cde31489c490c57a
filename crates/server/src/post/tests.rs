//! Tests of this module, against a mail server over real TLS.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use lombard_domain::browser::Browser;
use lombard_domain::id::{CustomerId, ReceiptId};
use lombard_domain::permission::{Permission, PermissionSet};
use lombard_domain::receipt::{Given, Origin, Receipt, What};
use lombard_domain::secret::Secret;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;
use lombard_testkit::{MailServer, MailTrouble};
use proptest::prelude::*;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::*;
use crate::fetch;

const TO: &str = "ann.hart@customers.example";

fn stationery() -> Stationery {
    let head = Letterhead {
        bank_name: "Bank für alle".to_owned(),
        issuer: "https://bank.example".to_owned(),
        contact: Some("+44 20 7946 0000".to_owned()),
    };
    Stationery { head, from: "Example Bank <no-reply@bank.example>".parse().unwrap() }
}

fn receipt(what: What) -> Receipt {
    Receipt {
        id: ReceiptId::from_bits(7),
        customer: CustomerId::from_bits(1),
        at: Instant::from_seconds(1_772_452_980),
        what,
        is_last: false,
    }
}

fn sign_in() -> Receipt {
    receipt(What::SignedIn(Origin { network: None, browser: Browser::default() }))
}

fn consent_to(app: &str) -> Receipt {
    receipt(What::ConsentGiven(Given {
        app: Text::new(app).unwrap(),
        permissions: PermissionSet::of(&[Permission::Balances]),
        identity: false,
        until: None,
        renewed: false,
    }))
}

fn server(mail: &MailServer, security: Security) -> SmtpServer {
    let authority = CertificateDer::from_pem_slice(mail.certificate_pem().as_bytes()).unwrap();
    SmtpServer {
        host: "localhost".to_owned(),
        port: if security == Security::Implicit { mail.implicit } else { mail.starttls },
        security,
        roots: fetch::roots_of(vec![authority]).unwrap(),
        login: Some(Login { user: "lombard".to_owned(), password: Secret::new("pass word".to_owned()) }),
    }
}

fn post(server: SmtpServer) -> SmtpPost {
    SmtpPost::new(stationery(), server).unwrap()
}

async fn send(post: &SmtpPost) -> Result<(), PostError> {
    post.send(PostItem { to: TO, receipt: &sign_in() }).await
}

#[tokio::test]
async fn a_letter_arrives_over_tls_whichever_way_it_begins() {
    let mail = MailServer::start().await;
    for security in [Security::Implicit, Security::Starttls] {
        send(&post(server(&mail, security))).await.unwrap();
    }
    let taken = mail.taken();
    assert_eq!(taken.len(), 2);
    for letter in &taken {
        assert_eq!((letter.from.as_str(), letter.to.as_str()), ("no-reply@bank.example", TO));
        assert_eq!(letter.login.as_deref(), Some("lombard pass word"));
        for line in [
            "Message-ID: <rcp_00000000000000000000000007@bank.example>\r\n",
            "Date: Mon, 02 Mar 2026 12:03:00 +0000\r\n",
            "From: \"Example Bank\" <no-reply@bank.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert!(letter.data.contains(line), "{line}: {}", letter.data);
        }
        assert!(letter.data.is_ascii() && !letter.data.contains("Bcc"), "{}", letter.data);
    }
    assert_eq!(taken[0], taken[1], "a repetition is the same, letter by letter");
    assert_eq!(mail.heard_in_clear(), "EHLO bank.example\r\nSTARTTLS\r\n", "and nothing else");
}

#[tokio::test]
async fn a_server_that_knows_us_by_our_address_needs_no_password() {
    let mail = MailServer::start().await;
    send(&post(SmtpServer { login: None, ..server(&mail, Security::Implicit) })).await.unwrap();
    assert_eq!(mail.taken()[0].login, None);
}

#[tokio::test]
async fn what_is_refused_of_the_letter_is_refused_for_good_and_what_is_refused_of_us_is_tried_again() {
    let mail = MailServer::start().await;
    let post = post(server(&mail, Security::Implicit));
    for (step, code, for_good) in [
        ("RCPT", 550, true),
        ("RCPT", 450, false),
        ("DATA", 554, true),
        (".", 552, true),
        (".", 451, false),
        ("EHLO", 554, false),
        ("EHLO", 421, false),
        ("AUTH", 535, false),
        ("MAIL", 550, false),
        ("MAIL", 452, false),
    ] {
        mail.has(MailTrouble::Refuses(step, code));
        let error = send(&post).await.unwrap_err();
        assert_eq!(matches!(error, PostError::Never(_)), for_good, "{step} {code}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(&code.to_string()) && !text.contains('@'), "nothing of the customer: {text}");
    }
    assert!(mail.taken().is_empty());
    mail.has(MailTrouble::None);
    send(&post).await.unwrap();
}

#[tokio::test]
async fn a_server_that_falls_silent_holds_nobody_up() {
    let mail = MailServer::start().await;
    for step in ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        mail.has(MailTrouble::Silent(step));
        let post = post(server(&mail, Security::Implicit)).within(Duration::from_millis(300));
        assert!(matches!(send(&post).await, Err(PostError::Later(_))), "{step}");
    }
}

#[tokio::test]
async fn a_letter_that_was_taken_is_sent_whatever_becomes_of_the_goodbye() {
    let mail = MailServer::start().await;
    for trouble in [MailTrouble::Silent("QUIT"), MailTrouble::Refuses("QUIT", 500)] {
        mail.has(trouble);
        send(&post(server(&mail, Security::Implicit))).await.unwrap();
    }
    assert_eq!(mail.taken().len(), 2);
}

#[tokio::test]
async fn no_letter_goes_over_a_line_that_is_not_secured() {
    let mail = MailServer::start().await;
    // No offer of TLS, or something in the clear that would be taken for an answer.
    for trouble in [MailTrouble::Clear, MailTrouble::Injects] {
        mail.has(trouble);
        let error = send(&post(server(&mail, Security::Starttls))).await.unwrap_err();
        assert!(matches!(&error, PostError::Later(_)), "{trouble:?}: {error:?}");
    }
    mail.has(MailTrouble::None);
    // Another authority, another name, and TLS where there is none.
    let strange = [
        SmtpServer { roots: fetch::roots_of(Vec::new()).unwrap(), ..server(&mail, Security::Implicit) },
        SmtpServer { host: "127.0.0.2".to_owned(), ..server(&mail, Security::Implicit) },
        SmtpServer { port: mail.starttls, ..server(&mail, Security::Implicit) },
    ];
    for server in strange {
        let post = post(server).within(Duration::from_millis(500));
        assert!(matches!(send(&post).await, Err(PostError::Later(_))));
    }
    assert!(mail.taken().is_empty());
    assert!(!mail.heard_in_clear().contains("AUTH") && !mail.heard_in_clear().contains("MAIL"));
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let mail = MailServer::start().await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let post = post(SmtpServer { port, ..server(&mail, Security::Implicit) });
    assert!(matches!(send(&post).await, Err(PostError::Later(_))));
}

#[tokio::test]
async fn a_file_is_written_for_its_owner_alone_and_once_for_each_receipt() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a/receipts");
    let post = FilePost::new(stationery(), folder.clone()).unwrap();
    for _ in 0..2 {
        post.send(PostItem { to: TO, receipt: &sign_in() }).await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files, [folder.join("rcp_00000000000000000000000007.eml")], "a repetition takes the first one's place");
    assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&files[0]).unwrap().contains(&format!("To: {TO}\r\n")));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(post.send(PostItem { to: TO, receipt: &sign_in() }).await, Err(PostError::Later(_))));
}

#[test]
fn what_is_no_address_is_not_written_to() {
    for to in [
        "",
        "ann",
        "ann@",
        "@bank.example",
        "ann@bank example",
        "ann@bank.example, eve@evil.example",
        "a@b\r\nBcc: c@d",
    ] {
        let item = PostItem { to, receipt: &sign_in() };
        assert_eq!(stationery().message(item).err(), Some(PostError::NoAddress), "{to:?}");
    }
}

proptest! {
    /// However an app is called and a customer is written, the header has the fields that it always has, and no other.
    #[test]
    fn nobody_writes_our_headers(app in "\\PC{1,80}", to in "[a-z\"<>,;: \\\\\u{e9}]{0,20}@[a-z.\u{e9}]{1,20}") {
        prop_assume!(Text::<80>::new(&app).is_ok());
        let item = PostItem { to: &to, receipt: &consent_to(&app) };
        if let Ok((message, _)) = stationery().message(item) {
            let formatted = String::from_utf8(message.formatted()).unwrap();
            let head = formatted.split("\r\n\r\n").next().unwrap();
            let fields = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
            let mut names: Vec<_> = fields.map(|line| line.split(':').next().unwrap()).collect();
            names.sort_unstable();
            let usual = [
                "Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-ID", "Subject", "To",
            ];
            prop_assert_eq!(names, usual, "{}", head);
            prop_assert!(!head.contains(&app) || app.len() < 4, "{}", head);
        }
    }
}
