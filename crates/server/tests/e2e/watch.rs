//! `lombard watch`: a server watches by itself, and an operator sees alarms and their reasons.

use std::time::Duration;

use lombard_testkit::example_folder;
use tokio::time::{sleep, timeout};

use crate::command::lombard;
use crate::process::Server;
use crate::production::Production;
use crate::serve::{amelia, enrol};
use crate::story::{SCOPE, Sandbox};

#[tokio::test]
async fn a_running_server_watches_by_itself_and_a_sandbox_only_tells() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let add = |name| {
        let add = ["client", "add", "--name", name, "--redirect-uri", "https://app.example/callback"];
        bank.added(&lombard(&[&add[..], &["--data", &data]].concat()).good())
    };
    let (owner, thief) = (add("Pocket Ledger"), add("Weather Today"));
    let tokens = bank.connect(&owner, &sandbox.customer("alice"), SCOPE).await;
    assert_eq!(thief.refresh(&tokens.refresh).await.status(), 400);
    noticed(&server, RAISED).await;
    let alarms = lombard(&["watch", "alarms", "--data", &data]).good();
    assert!(alarms.contains("foreign-token") && alarms.contains(&thief.id), "{alarms}");
    let id = alarms.split_whitespace().next().unwrap();
    let shown = lombard(&["watch", "show", id, "--data", &data]).good();
    assert!(shown.contains("made for another app") && shown.contains("aud_"), "{shown}");
    let lift =
        ["watch", "lift", "mea_00000000000000000000000000", "--reason", "a test", "--by", "Ines", "--data", &data];
    assert!(lombard(&lift).refused().contains("has not been lifted"));
    let measures = lombard(&["watch", "measures", "--data", &data]);
    assert!(measures.err.contains("There are none"), "{measures:?}");
    let metrics = server.ops("/metrics").await;
    for metric in ["lombard_alarms_total{rule=\"error-burst\"} 0", "lombard_measures_in_force{measure=\"throttle\"} 0"]
    {
        assert!(metrics.contains(metric), "{metric}: {metrics}");
    }
    assert!(server.stderr().contains("another app"), "the log tells it too");
    server.stop().await;
}

#[tokio::test]
async fn an_operator_lifts_what_a_server_did_about_a_thief() {
    let production = Production::new(None);
    let config = production.config();
    let run = |args: &[&str]| lombard(&[args, &["--config", &config]].concat()).good();
    run(&["migrate"]);
    run(&["import", example_folder().to_str().unwrap()]);
    let server = production.start().await;
    let bank = production.bank();
    let uri = enrol(&config, "amelia", "opens my accounts");
    let add =
        |name| bank.added(&run(&["client", "add", "--name", name, "--redirect-uri", "https://app.example/callback"]));
    let (owner, thief) = (add("Pocket Ledger"), add("Weather Today"));
    let tokens = bank.connect(&owner, &amelia(&uri), SCOPE).await;
    assert_eq!(thief.refresh(&tokens.refresh).await.status(), 400);
    noticed(&server, RAISED).await;
    noticed(&server, "lombard_measures_in_force{measure=\"throttle\"} 1").await;

    let measures = run(&["watch", "measures"]);
    let throttle = measures.lines().find(|line| line.contains("throttle")).expect(&measures);
    assert!(throttle.contains(&thief.id), "{measures}");
    let id = throttle.split_whitespace().next().unwrap();
    let reason = "their new server was set up wrongly";
    let said = run(&["watch", "lift", id, "--reason", reason, "--by", "Ines Castelo"]);
    assert!(said.contains("Lifted: throttle"), "{said}");
    noticed(&server, "lombard_measures_in_force{measure=\"throttle\"} 0").await;
    let again = ["watch", "lift", id, "--reason", reason, "--by", "Ines Castelo", "--config", &config];
    assert!(lombard(&again).refused().contains("has not been lifted"));
    let all = run(&["watch", "measures", "--all"]);
    assert!(all.contains(reason) && all.contains("Ines Castelo"), "{all}");
    assert!(run(&["audit", "verify"]).contains("The record is as it was"));
    // Who lifted it, and why, is nobody's business but the bank's.
    assert!(run(&["doctor", "--at-rest"]).contains("Nothing was found."));
    server.stop().await;
}

/// Waits until a server's metrics have this line.
async fn noticed(server: &Server, line: &str) {
    let noticed = async {
        while !server.ops("/metrics").await.contains(line) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(NOTICED_MAX, noticed).await.unwrap_or_else(|_| panic!("never {line}"));
}

const RAISED: &str = "lombard_alarms_total{rule=\"foreign-token\"} 1";
/// No machine is so slow that an alarm takes longer.
const NOTICED_MAX: Duration = Duration::from_secs(60);
