//! `lombard watch`: a server watches by itself, and an operator sees alarms and their reasons.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::command::lombard;
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
    let raised = "lombard_alarms_total{rule=\"foreign-token\"} 1";
    let noticed = async {
        while !server.ops("/metrics").await.contains(raised) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(NOTICED_MAX, noticed).await.expect("an alarm");
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

/// No machine is so slow that an alarm takes longer.
const NOTICED_MAX: Duration = Duration::from_secs(60);
