//! The command line as people type it.

use clap::CommandFactory as _;

use super::*;

fn parse(line: &str) -> Result<Cli, String> {
    Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())
}

#[test]
fn the_definition_is_sound_and_every_command_and_argument_is_explained() {
    fn explained(command: &clap::Command) {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} has no help");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{name}: {} has no help", arg.get_id());
        }
        command.get_subcommands().for_each(explained);
    }
    let mut cli = Cli::command();
    cli.clone().debug_assert();
    cli.build();
    explained(&cli);
}

#[test]
fn a_sandbox_needs_no_arguments() {
    let Command::Sandbox(args) = parse("lombard sandbox").unwrap().command else { unreachable!() };
    assert_eq!(args.data.to_str(), Some("./lombard-sandbox"));
    assert_eq!(args.listen.to_string(), "127.0.0.1:8443");
    assert_eq!(args.mtls_listen.to_string(), "127.0.0.1:8444");
    assert_eq!(args.ops_listen.to_string(), "127.0.0.1:9090");
    // That of --listen on localhost, so that another port needs one argument only.
    assert!(args.public_url.is_none());
    assert!(args.database.is_none());
}

#[test]
fn a_settings_file_says_everything_about_the_place() {
    for good in [
        "lombard import berka",
        "lombard import berka --data ./lombard-sandbox",
        "lombard import berka --database sqlite:///tmp/bank.db",
        "lombard import berka --database postgres://db/bank --master-key-file master.key",
        "lombard import berka --config lombard.toml",
        "lombard migrate --config lombard.toml",
        "lombard account close a-1 --data x",
        "lombard account switch a-1 --config lombard.toml",
        "lombard client add --name App --redirect-uri https://a.example/cb --redirect-uri https://b.example/cb --data x",
        "lombard client add --file client.json --data x",
        "lombard client add --file client.json --metadata --config lombard.toml",
        "lombard client add --name App --redirect-uri https://a.example/cb --metadata",
        "lombard client keys --out app",
        "lombard client keys --out app --alg PS256 --name app --sandbox x",
        "lombard client keys --out app --data x",
        "lombard client list --data x",
        "lombard client show abc --data x",
        "lombard client show abc --metadata --config lombard.toml",
        "lombard directory issue --software-id a --name A --redirect-uri https://a.example/cb --jwks jwks.json",
        "lombard directory issue --software-id a --name A --redirect-uri https://a.example/cb --jwks-uri https://a.example/jwks --role AISP --role PISP --org-id o --org-name O --sandbox x",
        "lombard directory jwks --data x",
        "lombard client suspend abc --data x",
        "lombard key rotate --config lombard.toml",
        "lombard key rotate --alg EdDSA --config lombard.toml",
        "lombard key rotate-master --config lombard.toml",
        "lombard key rotate-master --data x",
        "lombard key rotate-audit --data x",
        "lombard key rotate-master --database c --master-key-file new --former-master-key-file old --former-master-key-file older",
        "lombard consent list --client abc --data x",
        "lombard consent list --customer ada --config lombard.toml",
        "lombard consent show abc --data x",
        "lombard consent revoke abc --reason fraud --data x",
        "lombard consent revoke abc --reason authentication --config lombard.toml",
        "lombard consent revoke abc --reason closed --data x",
        "lombard customer set-password ada --data x",
        "lombard customer enrol-totp ada --data x",
        "lombard customer erase --customer ada --yes --data x",
        "lombard doctor --at-rest --data x",
        "lombard doctor --at-rest --config lombard.toml",
        "lombard config check --config lombard.toml",
        "lombard serve --config lombard.toml",
    ] {
        assert!(parse(good).is_ok(), "{good}: {:?}", parse(good).err());
    }
    for bad in [
        "lombard",
        "lombard serve",
        "lombard import",
        "lombard import berka --data a --config b",
        "lombard import berka --database c --config b",
        "lombard import berka --data a --master-key-file b",
        "lombard client add --name App --data x",
        "lombard client add --data x",
        "lombard client add --file client.json --name App --redirect-uri https://a.example/cb",
        "lombard client add --file client.json --scope accounts:read",
        "lombard client add --file client.json --auth-method client_secret_post",
        "lombard client keys",
        "lombard client show",
        "lombard directory issue --software-id a --name A --redirect-uri https://a.example/cb",
        "lombard directory issue --software-id a --name A --jwks jwks.json",
        "lombard directory issue --software-id a --name A --redirect-uri https://a.example/cb --jwks j --jwks-uri u",
        "lombard consent",
        "lombard consent list --data x",
        "lombard consent list --client abc --customer ada",
        "lombard consent show",
        "lombard consent revoke abc",
        "lombard consent revoke abc --reason boredom",
        "lombard sandbox --listen nowhere",
        "lombard config check",
        "lombard customer erase --yes --data x",
        "lombard doctor --data x",
        "lombard key rotate --alg RS256",
        "lombard key rotate-master --database c --former-master-key-file old",
        "lombard key rotate-master --config c --former-master-key-file old",
        "lombard key rotate --alg es256",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}
