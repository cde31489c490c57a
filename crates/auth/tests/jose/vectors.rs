//! Examples printed in the standards.

use lombard_auth::jose::{Alg, PublicJwk, SigningKey, Typ, VerifyRules, verify};
use lombard_domain::secret::Secret;

#[expect(clippy::unwrap_used, reason = "tests")]
fn open(token: &str, jwk: &str) -> Vec<u8> {
    let key = PublicJwk::parse(jwk.as_bytes()).unwrap();
    let rules = VerifyRules { typ: Typ::AbsentOrOneOf(&[]), algs: &[key.alg()], keys: &key };
    verify(token, rules).unwrap().payload().to_vec()
}

#[test]
fn rfc_7515_appendix_a_3_es256() {
    let payload = open(
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    );
    let expected = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(payload, expected.as_bytes());
}

#[test]
fn rfc_8037_appendix_a_4_eddsa() {
    const SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const SIGNATURE: &str = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(open(&format!("{SIGNED}.{SIGNATURE}"), jwk), b"Example of Ed25519 signing");

    // Ed25519 is deterministic, so the signing side can be held against the vector too. The private key of A.1, as PKCS#8.
    let mut document = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    document.extend(base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
    let key = SigningKey::from_pkcs8(Alg::EdDsa, &Secret::new(document)).unwrap();
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(key.sign(SIGNED.as_bytes()).unwrap(), base64url(SIGNATURE));
}

#[expect(clippy::unwrap_used, reason = "tests")]
fn base64url(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}
