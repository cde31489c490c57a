//! Statements that are older than what is open: left out of lists, refused to who asks for them.

use lombard_domain::time::Span;
use lombard_testkit::{App, TestBank, example_folder};

use super::{ALL, Bank, id, references, rows};

#[tokio::test]
async fn an_old_statement_is_open_only_shortly_after_the_sign_in() {
    let bank = TestBank::with(lombard_testkit::Engine::Sqlite, &example_folder(), |policy| {
        policy.access_token_life = Span::days(400);
        policy.consent_life = Span::days(400);
    })
    .await;
    // Of the day of these tests, 2026-05-05, what is from 2026-02-04 on is open to everybody.
    bank.clock.advance(Span::days(64));
    let app = App::register(&bank).await;
    let world = Bank { bank, app };
    let token = world.app.connect(&world.bank, "amelia", ALL).await.access;
    let account = world.app.accounts(&token).await.remove(0);
    let list = format!("/accounts/{account}/statements");
    let page = world.app.read(&list, &token).await;
    assert_eq!(references(&page), ["2026-02", "2026-01"]);
    let ids: Vec<_> = rows(&page).iter().map(id).collect();
    let paths = |id: &String| ["", "/transactions", "/file"].map(|end| format!("{list}/{id}{end}"));
    for path in ids.iter().flat_map(paths) {
        assert_eq!(world.app.get(&path, &token).await.status(), 200, "{path}");
    }

    world.bank.clock.advance(Span::hours(1));
    assert!(rows(&world.app.read(&list, &token).await).is_empty(), "both begin before what is open");
    assert!(rows(&world.app.read("/statements", &token).await).is_empty());
    let filtered = ["fromStatementDateTime=2026-01-01T00:00:00", "toStatementDateTime=2026-01-31T23:59:59"];
    let filtered = filtered.map(|filter| format!("{list}?{filter}"));
    for path in ids.iter().flat_map(paths).chain(filtered) {
        let answer = world.app.answer(&path, &token).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "U028"), "{path}: {}", answer.text);
    }
}
