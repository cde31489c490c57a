//! Two servers that share a counter, as processes: together they admit what one does, also when the counter dies and comes back.

use std::time::Duration;

use lombard_testkit::{App, RedisServer, https_client, postgres};
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::command::lombard;
use crate::process::Server;
use crate::production::Production;
use crate::story::{SCOPE, Sandbox, accounts};

/// How many of so many calls a server admits; the rest is refused for their number.
async fn admitted(http: &Client, server: &Production, calls: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..calls {
        let answer = http.get(format!("{}/jwks", server.ports.issuer())).send().await.unwrap();
        match answer.status().as_u16() {
            200 => admitted += 1,
            429 => assert!(answer.headers().contains_key("retry-after") && answer.headers().contains_key("ratelimit")),
            other => panic!("{other}"),
        }
    }
    admitted
}

/// Waits until a server says that the shared counter answers, or does not. Only a call notices.
async fn until(http: &Client, place: &Production, server: &Server, up: &str) {
    let expected = format!("lombard_limits_shared_up {up}");
    let trying = async {
        while !server.ops("/metrics").await.lines().any(|line| line == expected) {
            http.get(format!("{}/", place.ports.issuer())).send().await.unwrap();
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, trying).await.unwrap_or_else(|_| panic!("not {expected}: {}", server.stderr()));
}

#[tokio::test]
async fn two_servers_and_one_counter_admit_what_one_admits_and_their_parts_while_it_is_away() {
    let database = postgres::fresh_database().await;
    let mut counter = RedisServer::start();
    let nodes = [Production::new(Some(database.url())), Production::new(Some(database.url()))];
    let limits = format!(
        "[limits]\nshared = \"{}\"\nnodes = 2\npublic_address = \"1/d burst 30\"\n\n[sign_in]\n",
        counter.url()
    );
    for node in &nodes {
        node.change("[sign_in]\n", &limits);
    }
    lombard(&["migrate", "--config", &nodes[0].config()]).good();
    let (one, other) = (nodes[0].start().await, nodes[1].start().await);
    let client = |node: &Production| https_client(&node.identity.certificate).build().unwrap();
    let (to_one, to_other) = (client(&nodes[0]), client(&nodes[1]));

    let (first, second) = tokio::join!(admitted(&to_one, &nodes[0], 40), admitted(&to_other, &nodes[1], 40));
    assert_eq!(first + second, 30, "{first} and {second}");
    for server in [&one, &other] {
        assert!(server.ops("/metrics").await.contains("lombard_limits_shared_up 1"), "{}", server.stderr());
    }

    // In the middle of a load, of which nothing was admitted any more.
    let dies = async {
        sleep(Duration::from_millis(50)).await;
        counter.kill();
    };
    let (first, second, ()) =
        tokio::join!(admitted(&to_one, &nodes[0], 200), admitted(&to_other, &nodes[1], 200), dies);
    assert_eq!((first, second), (15, 15), "each node has its half, and nobody waits for the counter");
    until(&to_one, &nodes[0], &one, "0").await;
    assert!(one.stderr().contains("limits are counted by each node alone"), "{}", one.stderr());
    assert!(!one.stderr().contains("redis://"), "addresses of counters can carry passwords");

    counter.start_again();
    until(&to_one, &nodes[0], &one, "1").await;
    until(&to_other, &nodes[1], &other, "1").await;
    assert!(one.stderr().contains("answers again"), "{}", one.stderr());
    // It has lost its memory, so there are thirty anew, of which some were used to see that it is back.
    let (first, second) = tokio::join!(admitted(&to_one, &nodes[0], 40), admitted(&to_other, &nodes[1], 40));
    assert!((1..30).contains(&(first + second)), "{first} and {second}");
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn without_its_counter_a_server_starts_all_the_same() {
    let place = Production::new(None);
    let mut counter = RedisServer::start();
    counter.kill();
    let limits = format!("[limits]\nshared = \"{}\"\npublic_address = \"1/d burst 6\"\n\n[sign_in]\n", counter.url());
    place.change("[sign_in]\n", &limits);
    lombard(&["migrate", "--config", &place.config()]).good();
    let server = place.start().await;
    let http = https_client(&place.identity.certificate).build().unwrap();
    assert_eq!(admitted(&http, &place, 9).await, 3, "its part of two");
    server.stop().await;
}

#[tokio::test]
async fn what_a_proxy_says_of_who_calls_counts_where_it_is_trusted() {
    for (trusted, expected) in [("", 3), ("trusted_proxies = [\"127.0.0.0/8\"]\n", 6)] {
        let place = Production::new(None);
        place.change("[sign_in]\n", "[limits]\npublic_address = \"1/d burst 3\"\n\n[sign_in]\n");
        place.change("key_file = \"server.key\"\n", &format!("key_file = \"server.key\"\n{trusted}"));
        lombard(&["migrate", "--config", &place.config()]).good();
        let server = place.start().await;
        let http = https_client(&place.identity.certificate).build().unwrap();
        let mut admitted = 0;
        for address in ["192.0.2.1", "198.51.100.7"].repeat(5) {
            let call = http.get(format!("{}/jwks", place.ports.issuer())).header("x-forwarded-for", address);
            admitted += usize::from(call.send().await.unwrap().status().is_success());
        }
        assert_eq!(admitted, expected, "{trusted}");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_reads_is_ready_and_takes_revocations() {
    let sandbox = Sandbox::new().without_rates();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let app = bank.register().await;
    let tokens = bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let path = format!("/accounts/{}/transactions", accounts(&app, &tokens.access).await[0]);
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        let caller = App { http: https_client(&bank.ca_pem).build().unwrap(), ..app.clone() };
        // From now on it has one connection for all that it asks.
        assert_eq!(caller.get(&path, &tokens.access).await.status(), 200);
        callers.push(caller);
    }
    let mut reads = JoinSet::new();
    for caller in callers {
        for _ in 0..READS_EACH {
            let (caller, path, token) = (caller.clone(), path.clone(), tokens.access.clone());
            reads.spawn(async move { caller.get(&path, &token).await });
        }
    }
    let (mut good, mut refused) = (0, 0);
    let (mut ready, mut revoked) = (0, 0);
    while let Some(answer) = reads.join_next().await {
        let answer = answer.unwrap();
        match answer.status().as_u16() {
            200 => good += 1,
            503 => {
                assert_eq!(answer.headers()["retry-after"], "1");
                refused += 1;
            }
            other => panic!("{other}"),
        }
        // While others are being refused.
        if refused % 100 == 1 {
            assert_eq!(server.readiness().await, Some(200));
            ready += 1;
            assert_eq!(app.post("/revoke", &[("token", "nobody-has-it")]).await.status(), 200);
            revoked += 1;
        }
    }
    assert!(good > 0 && refused > 100 && ready > 1 && revoked > 1, "{good} and {refused}, {ready} and {revoked}");
    assert_eq!(app.get(&path, &tokens.access).await.status(), 200, "afterwards");
    server.stop().await;
}

/// Callers, and reads that each of them wants at once; there are places for fewer.
const CALLERS: usize = 12;
const READS_EACH: usize = 100;
/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
