//! Logos: shown of apps that somebody vouches for alone, drawn anew by the bank, from whatever an app's server says.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use lombard_auth::client::Fetched;
use lombard_domain::time::Span;
use lombard_testkit::LogoServer;

use super::*;

/// A picture of one colour.
fn picture(side: u32, colour: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let drawn = RgbImage::from_pixel(side, side, Rgb([colour, 40, 90]));
    DynamicImage::ImageRgb8(drawn).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

const STORED: Fetched = Fetched { stored: 1, failed: 0 };
const FAILED: Fetched = Fetched { stored: 0, failed: 1 };
const NOTHING: Fetched = Fetched { stored: 0, failed: 0 };

/// An app with a logo there.
async fn app_with_logo(bank: &TestBank, server: &LogoServer) -> (App, Value) {
    let mut said = body("Pocket Ledger", "app.example");
    said["logo_uri"] = json!(server.uri());
    (App::register_as(bank, &said).await, said)
}

/// The address of the picture on a page.
fn shown(page: &Page) -> Option<String> {
    let (_, rest) = page.html.split_once("<img class=\"logo\" src=\"")?;
    rest.split('"').next().map(str::to_owned)
}

#[tokio::test]
async fn the_logo_of_an_app_that_somebody_vouches_for_is_shown_as_we_drew_it() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let original = picture(300, 200);
        let server = LogoServer::start("image/png", &original).await;
        let (app, _) = app_with_logo(&bank, &server).await;
        assert_eq!(bank.auth.fetch_logos().await.unwrap(), NOTHING);
        assert_eq!(server.requests(), 0, "{engine:?}: an app that nobody vouches for has us fetch nothing");
        assert_eq!(shown(&asked(&bank, &app).await), None);

        verify(&bank, &app).await;
        assert_eq!(shown(&asked(&bank, &app).await), None, "not before it was fetched");
        assert_eq!(bank.auth.fetch_logos().await.unwrap(), STORED, "{engine:?}");
        assert_eq!((bank.auth.fetch_logos().await.unwrap(), server.requests()), (NOTHING, 1), "once");
        let path = shown(&asked(&bank, &app).await).unwrap();
        assert!(path.starts_with("/logos/") && path.ends_with(".png"), "{path}");

        let answer = bank.http().get(bank.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        for (name, value) in [
            ("content-type", "image/png"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers()[name], value, "{name}");
        }
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let bytes = answer.bytes().await.unwrap();
        assert_ne!(bytes.as_ref(), original.as_slice(), "never what was sent");
        let drawn = image::load_from_memory_with_format(&bytes, ImageFormat::Png).unwrap();
        assert_eq!((drawn.width(), drawn.height()), (128, 128));

        // In the customer's own list as well.
        app.connect(&bank, "amelia", SCOPE).await;
        let browser = bank.browser();
        let list = browser.sign_in(&browser.open("/my/consents").await, "amelia").await;
        assert_eq!(shown(&list), Some(path.clone()), "{engine:?}");

        assert!(bank.auth.unverify_client(TestBank::OPERATOR, app.id.parse().unwrap()).await.unwrap());
        assert_eq!(shown(&asked(&bank, &app).await), None, "{engine:?}: nobody vouches for it any more");
        assert_eq!(bank.http().get(bank.url(&path)).send().await.unwrap().status(), 404, "{engine:?}");
    }
}

#[tokio::test]
async fn what_is_no_picture_is_not_shown_and_tried_again_for_a_week() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>"#;
        let server = LogoServer::start("image/svg+xml", svg).await;
        let (app, _) = app_with_logo(&bank, &server).await;
        verify(&bank, &app).await;
        let good = picture(20, 1);
        let broken = &good[..good.len() / 2];
        let huge = vec![0; 256 * 1024 + 1];
        for (status, kind, bytes) in [
            (200, "image/svg+xml", &svg[..]),
            (200, "image/png", &svg[..]),
            (200, "image/png", broken),
            (200, "image/png", &huge),
            (302, "image/png", &good),
            (404, "image/png", &good),
            (200, "text/html", b"<script>alert(1)</script>"),
        ] {
            server.answer_with(status, kind, bytes);
            assert_eq!(bank.auth.fetch_logos().await.unwrap(), FAILED, "{status} {kind} on {engine:?}");
            assert_eq!(bank.auth.fetch_logos().await.unwrap(), NOTHING, "not again at once");
            bank.clock.advance(Span::days(1));
        }
        assert_eq!(shown(&asked(&bank, &app).await), None);
        server.answer_with(200, "image/png", &good);
        bank.clock.advance(Span::days(30));
        assert_eq!((bank.auth.fetch_logos().await.unwrap(), server.requests()), (NOTHING, 7), "given up");
        verify(&bank, &app).await;
        assert_eq!(bank.auth.fetch_logos().await.unwrap(), STORED, "an operator can have it tried again");
    }
}

#[tokio::test]
async fn an_app_cannot_exchange_what_was_checked() {
    let bank = TestBank::new().await;
    let server = LogoServer::start("image/png", &picture(40, 1)).await;
    let (app, mut said) = app_with_logo(&bank, &server).await;
    verify(&bank, &app).await;
    assert_eq!(bank.auth.fetch_logos().await.unwrap(), STORED);
    let first = shown(&asked(&bank, &app).await).unwrap();
    // Another picture at the same address is not looked at.
    server.answer_with(200, "image/png", &picture(40, 250));
    bank.clock.advance(Span::days(60));
    assert_eq!(bank.auth.fetch_logos().await.unwrap(), NOTHING);
    assert_eq!(shown(&asked(&bank, &app).await).as_ref(), Some(&first));
    // Another address ends what the operator had checked, and with it the picture.
    said["logo_uri"] = json!(format!("{}?2", server.uri()));
    assert_eq!(change(&bank, &app, said).await.status(), 200);
    assert_eq!(shown(&asked(&bank, &app).await), None);
    assert_eq!((bank.auth.fetch_logos().await.unwrap(), server.requests()), (NOTHING, 1));
    assert_eq!(bank.http().get(bank.url(&first)).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_bank_can_do_without_logos() {
    let bank = bank_with(Engine::Sqlite, |rules| rules.logos = false).await;
    let server = LogoServer::start("image/png", &picture(40, 1)).await;
    let (app, _) = app_with_logo(&bank, &server).await;
    verify(&bank, &app).await;
    assert_eq!((bank.auth.fetch_logos().await.unwrap(), server.requests()), (NOTHING, 0));
    assert_eq!(shown(&asked(&bank, &app).await), None);
}

#[tokio::test]
async fn pictures_are_found_by_their_digest_and_by_nothing_else() {
    let bank = TestBank::new().await;
    for path in [
        "none.png",
        "..%2f..%2fassets%2flombard.css",
        "%00.png",
        ".png",
        &format!("{}.png", "0".repeat(64)),
        &"a".repeat(64),
    ] {
        let answer = bank.http().get(bank.url(&format!("/logos/{path}"))).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
}
