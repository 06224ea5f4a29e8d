//! `private_key_jwt` at the OpenID provider, signed by another implementation (RFC 7523, section 3).

use std::time::{SystemTime, UNIX_EPOCH};

use authsec_ciba::sandbox::{Sandbox, User};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData as _, SignatureAlgorithm};
use serde_json::{Value, json};

use crate::support::{Answer, As, Body, Http, USER};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Key {
    signing: EncodingKey,
    jwk: String,
    alg: Algorithm,
}

impl Key {
    fn generate(kind: &'static SignatureAlgorithm) -> Self {
        let pair = KeyPair::generate_for(kind).unwrap();
        let point = pair.der_bytes();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        if kind == &PKCS_ED25519 {
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(point) }).to_string();
            return Self {
                signing: EncodingKey::from_ed_der(&pair.serialize_der()),
                jwk,
                alg: Algorithm::EdDSA,
            };
        }
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }).to_string();
        Self { signing: EncodingKey::from_ec_der(&pair.serialize_der()), jwk, alg: Algorithm::ES256 }
    }

    fn sign(&self, claims: &Value) -> String {
        encode(&Header::new(self.alg), claims, &self.signing).unwrap()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn provider(key: &Key) -> (Sandbox, Http) {
    let sandbox = Sandbox::builder()
        .openid()
        .user(User::new(USER))
        .client("secretive", Some("secret"))
        .client_key("bank", &key.jwk)
        .start()
        .await
        .unwrap();
    let http = Http::to(&sandbox);
    (sandbox, http)
}

fn claims(sandbox: &Sandbox, changes: Value) -> Value {
    let mut claims =
        json!({ "iss": "bank", "sub": "bank", "aud": sandbox.issuer(), "exp": now() + 60, "jti": "one" });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

async fn start(http: &Http, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("scope", "openid"), ("login_hint", USER), ("client_assertion", assertion)];
    form.extend_from_slice(more);
    http.send("POST", "/bc-authorize", As::Nobody, Body::Form(&form)).await
}

#[tokio::test(start_paused = true)]
async fn a_right_assertion_is_good_once() {
    for kind in [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
        let key = Key::generate(kind);
        let (sandbox, http) = provider(&key).await;
        let issuer = sandbox.issuer();
        let audiences =
            [json!(issuer), json!(format!("{issuer}/token")), json!(["x", format!("{issuer}/bc-authorize")])];
        for (at, aud) in audiences.into_iter().enumerate() {
            let token = key.sign(&claims(&sandbox, json!({ "aud": aud, "jti": at.to_string() })));
            let first = start(&http, &token, &[("client_assertion_type", TYPE), ("client_id", "bank")]).await;
            assert_eq!(first.status, 200, "{}", first.text);
            let again = start(&http, &token, &[("client_assertion_type", TYPE)]).await;
            assert_eq!(again.code(), (401, "invalid_client".to_owned()), "the same jti");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_rsa_key_signs_by_both_paddings_and_by_no_other_algorithm() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = pair.public_key();
    let (n, e) = (public.modulus().big_endian_without_leading_zero(), public.exponent());
    let e = e.big_endian_without_leading_zero();
    let jwk = json!({ "kty": "RSA", "n": part(n), "e": part(e) }).to_string();
    let sandbox =
        Sandbox::builder().openid().user(User::new(USER)).client_key("bank", jwk).start().await.unwrap();
    let http = Http::to(&sandbox);
    let paddings: [(&str, &'static dyn RsaEncoding); 2] =
        [("RS256", &RSA_PKCS1_SHA256), ("PS256", &RSA_PSS_SHA256)];
    for (alg, padding) in paddings {
        for claimed in ["RS256", "PS256", "ES256", "none", "HS256"] {
            let header = json!({ "alg": claimed }).to_string();
            let claims = claims(&sandbox, json!({ "jti": format!("{alg} {claimed}") })).to_string();
            let input = format!("{}.{}", part(header.as_bytes()), part(claims.as_bytes()));
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
            let answer =
                start(&http, &format!("{input}.{}", part(&signature)), &[("client_assertion_type", TYPE)])
                    .await;
            assert_eq!(
                answer.status,
                if claimed == alg { 200 } else { 401 },
                "{alg} as {claimed}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_assertion_lets_nobody_in() {
    let key = Key::generate(&PKCS_ECDSA_P256_SHA256);
    let (sandbox, http) = provider(&key).await;
    let changed = |changes: Value| key.sign(&claims(&sandbox, changes));
    let stranger = Key::generate(&PKCS_ECDSA_P256_SHA256).sign(&claims(&sandbox, json!({})));
    let unsigned = format!("{}.", changed(json!({})).rsplit_once('.').unwrap().0);
    for token in [
        changed(json!({ "iss": "secretive", "sub": "secretive" })),
        changed(json!({ "iss": "nobody", "sub": "nobody" })),
        changed(json!({ "sub": "secretive" })),
        changed(json!({ "sub": null })),
        changed(json!({ "aud": "https://another.example" })),
        changed(json!({ "aud": null })),
        changed(json!({ "exp": now() })),
        changed(json!({ "exp": null })),
        changed(json!({ "nbf": now() + 120 })),
        changed(json!({ "jti": null })),
        changed(json!({ "jti": "" })),
        stranger,
        unsigned,
        "no.jwt.here".to_owned(),
        "none".to_owned(),
    ] {
        let answer = start(&http, &token, &[("client_assertion_type", TYPE)]).await;
        assert_eq!(answer.code(), (401, "invalid_client".to_owned()), "{}", answer.text);
    }
    let right = changed(json!({}));
    assert_eq!(start(&http, &right, &[]).await.status, 401, "no client_assertion_type");
    let more = [("client_assertion_type", TYPE), ("client_id", "secretive")];
    assert_eq!(start(&http, &right, &more).await.status, 401, "another client_id");
    assert_eq!(start(&http, &right, &[("client_assertion_type", TYPE)]).await.status, 200, "it was right");
    assert_eq!(sandbox.issued().requests.len(), 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_found_at_the_start() {
    for (jwk, why) in [
        ("{", "JSON"),
        ("{}", "none of"),
        (r#"{"kty":"oct","k":"c2VjcmV0"}"#, "none of"),
        (r#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, "32 bytes"),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"***"}"#, "base64url"),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "2048"),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA","d":"AAAA"}"#, "private"),
    ] {
        let error = Sandbox::builder().openid().client_key("bank", jwk).start().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("\"bank\"") && error.to_string().contains(why), "{error}");
    }
}
