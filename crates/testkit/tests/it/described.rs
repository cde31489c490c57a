//! A client that knows nothing but the description of the API calls everything that is in it, in ways that nobody thought of.
//!
//! `./test` installs schemathesis and names it in `LOMBARD_TEST_SCHEMATHESIS`; without it this is left out, and says so.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

mod world;

use world::World;

/// With what an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// A customer's.
    Customer,
    /// A customer's, to ask whether there is enough money.
    Funds,
    /// None.
    None,
    /// The app's own.
    Own,
}

impl Token {
    const ALL: [Self; 4] = [Self::Customer, Self::Funds, Self::None, Self::Own];

    /// What the description says that an operation needs; a client's secret or a registration's token is not tried here.
    fn of(operation: &Value) -> Self {
        let first = operation["security"][0].as_object().and_then(|needs| needs.iter().next());
        match first.map(|(scheme, scopes)| (scheme.as_str(), &scopes[0])) {
            Some(("customer", scope)) if scope == "fundsconfirmations" => Self::Funds,
            Some(("customer", _)) => Self::Customer,
            Some(("app", _)) => Self::Own,
            _ => Self::None,
        }
    }

    fn text(self, world: &World) -> Option<&str> {
        match self {
            Self::Customer => Some(&world.customer),
            Self::Funds => Some(&world.funds),
            Self::None => None,
            Self::Own => Some(&world.own),
        }
    }
}

/// The names of the operations that are called with a token.
fn operations(document: &Value, token: Token) -> Vec<&str> {
    let methods = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    methods.filter(|one| Token::of(one) == token).map(|one| one["operationId"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_brings_a_server_error_or_an_answer_that_is_not_described() {
    let Some(program) = std::env::var_os("LOMBARD_TEST_SCHEMATHESIS") else {
        eprintln!("LEFT OUT: LOMBARD_TEST_SCHEMATHESIS names no program; ./test installs it");
        return;
    };
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, world.bank.certificate_pem()).unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), world.parameters()).unwrap();
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, lombard_http::openapi::document().to_json().unwrap()).unwrap();
    let validator = Path::new(&program).with_file_name("openapi-spec-validator");
    let valid = Command::new(validator).arg(&document).output().await.unwrap();
    assert!(valid.status.success(), "not valid OpenAPI: {}", String::from_utf8_lossy(&valid.stdout));
    let described: Value = serde_json::from_slice(&std::fs::read(&document).unwrap()).unwrap();
    for token in Token::ALL {
        let names = operations(&described, token);
        assert!(!names.is_empty(), "nothing is called with {token:?}");
        let mut command = Command::new(&program);
        command.current_dir(folder.path()).args(["run", "openapi.json", "--url", &world.bank.issuer]);
        command.arg("--tls-verify").arg(&authority).args(["--max-examples", EXAMPLES, "--seed", "7", "--no-color"]);
        command.args(["--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--suppress-health-check", "all"]);
        command.args(["--header", "x-fapi-customer-ip-address: 203.0.113.7", "--workers", "1", "--warnings", "off"]);
        for name in names {
            command.args(["--include-operation-id", name]);
        }
        if let Some(text) = token.text(&world) {
            command.arg("--header").arg(format!("Authorization: Bearer {text}"));
        }
        let mut attempts = 0;
        loop {
            let output = command.stdin(Stdio::null()).output().await.unwrap();
            if output.status.success() {
                break;
            }
            attempts += 1;
            let text = String::from_utf8_lossy(&output.stdout);
            // Now and then the program trips over itself while it makes up calls, and says so; about answers it always says the same.
            let its_own = text.contains("Runtime Error") && !text.contains("= FAILURES =");
            assert!(
                its_own && attempts < ATTEMPTS_MAX,
                "with {token:?}: {text}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    // A token that does not work any more would have made all of it easy.
    assert_eq!(world.app.get("/accounts", &world.customer).await.status(), 200);
}

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// How often the program may begin.
const ATTEMPTS_MAX: u32 = 3;
/// Calls of each operation in the last phase; the one before calls each with every border of its parameters.
const EXAMPLES: &str = "25";
