//! Fetching pictures, from the same kind of server.

use super::*;

async fn picture(fetch: &HttpsFetch, url: &str) -> Result<Vec<u8>, String> {
    fetch.picture(url).await.map_err(|error| error.to_string())
}

const PNG: &str = "Content-Type: image/png\r\n";

#[tokio::test]
async fn takes_pictures_of_three_kinds_and_no_other() {
    for (kind, taken) in [
        ("image/png", true),
        ("image/jpeg", true),
        ("Image/WebP; q=1", true),
        ("image/svg+xml", false),
        ("image/gif", false),
        ("text/html", false),
        ("application/json", false),
        ("application/octet-stream", false),
        ("", false),
    ] {
        let server = Server::says(answer("200 OK", &format!("Content-Type: {kind}\r\n"), "bytes")).await;
        let got = picture(&server.fetch(Reach::Everything), &server.url()).await;
        assert_eq!(got.is_ok(), taken, "{kind}: {got:?}");
    }
    let unnamed = Server::says(answer("200 OK", "", "bytes")).await;
    let refused = picture(&unnamed.fetch(Reach::Everything), &unnamed.url()).await;
    assert!(refused.unwrap_err().contains("content type"), "what does not say what it is");
    // What is good for keys is not for pictures, and the other way round.
    let server = Server::says(answer("200 OK", PNG, "bytes")).await;
    assert!(server.get().await.is_err());
}

#[tokio::test]
async fn has_a_limit_of_its_own() {
    for (length, taken) in [(200, true), (201, false)] {
        let server = Server::says(answer("200 OK", PNG, &"x".repeat(length))).await;
        let got = picture(&server.fetch(Reach::Everything), &server.url()).await;
        assert_eq!(got.map(|bytes| bytes.len()).ok(), taken.then_some(length));
    }
    let endless = [vec![say(format!("HTTP/1.1 200 OK\r\n{PNG}\r\n"))], vec![say("x".repeat(1_000)); 1_000]].concat();
    let server = Server::does(endless).await;
    assert!(picture(&server.fetch(Reach::Everything), &server.url()).await.is_err());
}

#[tokio::test]
async fn follows_no_redirect_and_goes_nowhere_inside() {
    let inside = Server::says(answer("200 OK", PNG, "bytes")).await;
    for status in [301, 302, 303, 307, 308] {
        let server =
            Server::says(answer(&format!("{status} There"), &format!("Location: {}\r\n", inside.url()), "")).await;
        let refused = picture(&server.fetch(Reach::Everything), &server.url()).await;
        assert_eq!(refused, Err(format!("the answer has status {status}")));
    }
    let refused = picture(&inside.fetch(Reach::PublicOnly), &inside.url()).await.unwrap_err();
    assert!(refused.contains("not public"), "{refused}");
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_slow_picture_costs_no_more_than_the_limit() {
    let server = Server::does(vec![
        say(format!("HTTP/1.1 200 OK\r\n{PNG}Content-Length: 9\r\n\r\n")),
        Do::Pause(Duration::from_secs(60)),
    ])
    .await;
    let refused = picture(&server.fetch_within(Reach::Everything, hurried()), &server.url()).await;
    assert_eq!(refused, Err("no complete answer within 1s".to_owned()));
}
