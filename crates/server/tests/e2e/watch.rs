//! `lombard watch`: an operator sees alarms, their reasons, and what was done, and undoes it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use lombard_testkit::{App, TestBank};
use tokio::time::{sleep, timeout};

use crate::command::{Ran, lombard};
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

#[tokio::test]
async fn an_operator_sees_why_an_app_is_throttled_and_lifts_it_with_a_reason() {
    let bank = TestBank::new().await;
    let (owner, thief) = (App::register(&bank).await, App::register(&bank).await);
    let tokens = owner.connect(&bank, "amelia", "accounts:read").await;
    assert_eq!(thief.refresh(&tokens.refresh).await.status(), 400);
    bank.watch().await;

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("master.key");
    fs::write(&key, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let (database, key) = (format!("sqlite://{}", bank.file().display()), key.display().to_string());
    let place = ["--database", &database, "--master-key-file", &key];
    let watch = |args: &[&str]| -> Ran { lombard(&[&["watch"], args, &place[..]].concat()) };

    let alarms = watch(&["alarms"]).good();
    assert!(alarms.contains("foreign-token") && alarms.contains(&thief.id) && alarms.contains("score 50"), "{alarms}");
    let id = alarms.split_whitespace().next().unwrap();
    let shown = watch(&["show", id]).good();
    for words in
        ["An app brings a code or refresh token that was made for another app.", "aud_", "followed", "throttle"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // The bank's clock stands at another time than the command's, for whom the measure may be over.
    let measures = watch(&["measures", "--all"]).good();
    let line = measures.lines().find(|line| line.contains("throttle")).unwrap();
    let measure = line.split_whitespace().next().unwrap();
    let lift = ["lift", measure, "--reason", "their own test", "--by", "Ines"];
    let lifted = watch(&lift).good();
    assert!(lifted.contains("throttle") && lifted.contains(&thief.id), "{lifted}");
    assert!(watch(&lift).refused().contains("has not been lifted"));
    assert!(watch(&["alarms"]).good().contains("dismissed"));
    let all = watch(&["measures", "--all"]).good();
    assert!(all.contains("by Ines: their own test"), "{all}");
    assert!(watch(&["show", "alm_00000000000000000000000000"]).refused().contains("there is no alarm"));
    assert!(watch(&["lift", measure, "--reason", "", "--by", "Ines"]).err.contains("one line"));
}
