//! No secret of an OpenID client is shown, in no error and no trace, even where the provider tells it back (O-52).

use std::error::Error as _;
use std::fmt::Write as _;

use authsec_ciba::{CibaClient, ClientAuth, Error, Hint, OpenId, SigningKey};
use serde_json::json;
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::forms::forms;
use crate::op::{Answer, CLIENT, DISCOVERY, Op, START, TOKEN};
use crate::support::SECRET;

const USER_CODE: &str = "canary-user-code-4711";
const REFRESH: &str = "canary-refresh-token-0042";
const LOGIN_TOKEN: &str = "canary.login.token-0815";

fn show(shown: &mut String, error: &Error) {
    write!(shown, "{error} {error:?} {error:#?} {:?}", error.server_message()).expect("memory");
    let mut source = error.source();
    while let Some(error) = source {
        write!(shown, "{error} {error:?}").expect("memory");
        source = error.source();
    }
}

#[tokio::test(start_paused = true)]
async fn o52_what_is_sent_is_shown_nowhere_although_the_provider_tells_it_back() {
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem();
    let key = || SigningKey::from_pem(pem.clone()).expect("a key");
    let auths: [(&str, &dyn Fn() -> ClientAuth); 4] = [
        ("basic", &|| ClientAuth::secret_basic(SECRET)),
        ("post", &|| ClientAuth::secret_post(SECRET)),
        ("secret_jwt", &|| ClientAuth::secret_jwt(SECRET)),
        ("private_key_jwt", &|| ClientAuth::private_key_jwt(key())),
    ];
    for (name, auth) in auths {
        let op = Op::start().await;
        op.always(
            DISCOVERY,
            Answer::json(200, op.metadata(r#","backchannel_user_code_parameter_supported":true"#)),
        );
        let hint_token = op.id_token(json!({}));
        let (captured, mut shown) = (Captured::default(), String::new());
        let scenario = async {
            let client = CibaClient::builder()
                .openid(OpenId::at(op.issuer()))
                .client_id(CLIENT)
                .client_auth(auth())
                .discover()
                .await
                .expect("a client");
            for hint in [Hint::login_token(LOGIN_TOKEN), Hint::id_token(hint_token.clone())] {
                write!(shown, "{hint:?}").expect("memory");
                op.always(START, Answer::echo(400));
                let refused = client.initiate(hint.clone()).user_code(USER_CODE).await;
                show(&mut shown, &refused.expect_err("refused"));
                op.always(START, crate::op::acknowledgement(5, 120));
                op.always(TOKEN, Answer::echo(400));
                let pending = client.initiate(hint).user_code(USER_CODE).await.expect("started");
                show(&mut shown, &pending.wait().await.expect_err("refused"));
            }
            // A token that is not accepted.
            let forged = op.id_token(json!({ "iss": "https://other.example" }));
            op.always(TOKEN, op.tokens(&forged));
            let pending = client.initiate(Hint::login("alice")).await.expect("started");
            show(&mut shown, &pending.wait().await.expect_err("another issuer"));
            let approval = format!(
                r#"{{"access_token":"access-1","token_type":"Bearer","refresh_token":"{REFRESH}","id_token":"{}"}}"#,
                op.id_token(json!({}))
            );
            op.always(TOKEN, Answer::json(200, approval));
            let pending = client.initiate(Hint::login("alice")).await.expect("started");
            let outcome = pending.wait().await.expect("an outcome");
            write!(shown, "{client:?} {pending:?} {outcome:?} {outcome:#?}").expect("memory");
            let approval = outcome.approved().expect("an approval");
            let refresh = approval.refresh_token().expect("one");
            assert_eq!(refresh.expose_secret(), REFRESH);
            write!(shown, "{refresh:?} {:?} {approval:?}", approval.token()).expect("memory");
            [forged, approval.id_token().expect("one").expose_secret().to_owned()]
        };
        let tokens = scenario.with_subscriber(captured.subscriber()).await;
        let requests = [op.requests(START), op.requests(TOKEN)].concat();
        let assertions: Vec<_> =
            requests.iter().filter_map(|request| request.field("client_assertion")).collect();
        assert_eq!(assertions.is_empty(), ["basic", "post"].contains(&name));
        let credentials: Vec<_> =
            requests.iter().filter_map(|request| request.headers.get("authorization").cloned()).collect();
        assert_eq!(credentials.is_empty(), name != "basic");
        // What the crate says, and the libraries under it.
        let told = captured.text();
        assert!(told.contains("a poll failed") && told.contains("hyper"), "{told}");
        let texts = [SECRET, USER_CODE, LOGIN_TOKEN, REFRESH, "id-1.a_b-c", "access-1", &*hint_token];
        let halves = |jwt: &String| {
            let parts: Vec<_> = jwt.split('.').map(str::to_owned).collect();
            [parts[1].clone(), parts[2].clone()]
        };
        let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).map(str::to_owned).collect();
        let secrets = texts
            .iter()
            .map(|text| (*text).to_owned())
            .chain(assertions.iter().flat_map(halves))
            .chain(tokens.iter().flat_map(halves))
            .chain(lines)
            .chain(credentials.iter().filter_map(|header| header.strip_prefix("Basic ")).map(str::to_owned));
        for secret in secrets {
            for form in forms(&secret) {
                assert!(!shown.contains(&form), "{name}: {form} in {shown}");
                assert!(!told.contains(&form), "{name}: {form} in {told}");
            }
        }
    }
}
