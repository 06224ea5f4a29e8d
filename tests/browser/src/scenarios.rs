//! What people do.

use reqwest::{Client, StatusCode, header};
use thirtyfour::Key;

use crate::stand::play;

const ANNA: &str = "user@example.com";
const BERT: &str = "second@example.com";
const NOBODY: &str = "nobody@example.com";

#[tokio::test]
async fn approve() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.open().await;
        browser.has_focus("email").await;
        browser.picture("start").await;
        let before = browser.session().await;
        let code = browser.ask_phone(ANNA).await;
        assert_ne!(browser.session().await, before, "a new session begins with the sign-in");
        browser.sees("status", "Waiting for your answer").await;
        browser.picture("waiting").await;
        browser.picture_of("main", "waiting-page").await;

        let phone = stand.browser().await;
        phone.goto(&stand.phone.page).await;
        phone.sees("user", "user@example.com \u{2013} 1 waiting").await;
        phone.sees("requests", &code).await;
        phone.sees("requests", "s left").await;
        phone.picture("phone").await;
        phone.picture_of("main", "phone-page").await;
        phone.click_on("#requests button.yes").await;
        phone.sees("status", "Approved").await;

        browser.sees("signed-in", ANNA).await;
        browser.picture("signed-in").await;
        assert!(browser.title().await.starts_with("Signed in"));
        assert!(!browser.source().await.contains("eyJ"), "the token stays on the server");
        assert_eq!(browser.cookies_of_scripts().await, "");
        browser.click("sign-out").await;
        browser.sees("notice", "You are signed out").await;
        browser.open().await;
        assert!(!browser.has("signed-in").await);
    })
    .await;
}

#[tokio::test]
async fn deny() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        stand.phone.deny(ANNA).await;
        browser.sees("notice", "You declined the request").await;
        browser.picture("denied").await;
        // Once more is another request, with another code.
        let code = browser.ask_phone(ANNA).await;
        assert!(stand.phone.pending(ANNA).await.1.contains(&code));
    })
    .await;
}

#[tokio::test]
async fn expire() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        stand.phone.pending(ANNA).await;
        stand.phone.advance(301).await;
        browser.sees("notice", "The request expired").await;
        browser.picture("expired").await;
    })
    .await;
}

/// A stranger cannot tell from the pages who has an account.
#[tokio::test]
async fn nobody_is_told_who_has_an_account() {
    play(&["--wait", "3"], async |stand| {
        let mut seen = Vec::new();
        for email in [ANNA, NOBODY] {
            let browser = stand.browser().await;
            let code = browser.ask_phone(email).await;
            let waiting = browser.main_text().await;
            browser.sees("notice", "No answer from your phone").await;
            let ended = browser.main_text().await;
            browser.click("by-code").await;
            let mut judged = Vec::new();
            for left in ["2 attempts left", "1 attempt left", "last attempt", "Too many wrong codes"] {
                browser.fill("code", &stand.phone.totp(ANNA, "wrong_code").await).await;
                browser.click("check-code").await;
                browser.sees("notice", left).await;
                judged.push(browser.main_text().await.replace(email, "EMAIL"));
            }
            let waiting = waiting.replace(&code, "CODE").replace(email, "EMAIL");
            // What moves while a test looks at it: the seconds, and the status, which says them, too.
            let moves =
                |line: &&str| line.ends_with("seconds left") || line.starts_with("Waiting for your answer");
            let still: Vec<_> = waiting.lines().filter(|line| !moves(line)).collect();
            seen.push((still.join("\n"), ended, judged));
        }
        assert_eq!(seen[0], seen[1]);
    })
    .await;
}

#[tokio::test]
async fn cancel() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        let (id, _) = stand.phone.pending(ANNA).await;
        browser.click("cancel").await;
        browser.sees("notice", "Request cancelled").await;
        browser.picture("cancelled").await;
        stand.logs("outcome=\"dropped\"").await;
        // The phone still shows it, and an answer there lets nobody in.
        assert_eq!(stand.phone.pending(ANNA).await.0, id);
        stand.phone.approve(ANNA).await;
        browser.open().await;
        assert!(browser.has("email").await);
        assert!(!browser.has("signed-in").await);
    })
    .await;
}

#[tokio::test]
async fn reload_while_waiting() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        let code = browser.ask_phone(ANNA).await;
        browser.reload().await;
        assert_eq!(browser.text("match-code").await, code);
        // Away while the phone is answered.
        browser.goto("about:blank").await;
        stand.phone.approve(ANNA).await;
        browser.open().await;
        browser.sees("signed-in", ANNA).await;
    })
    .await;
}

#[tokio::test]
async fn leaving_for_good_ends_the_poll() {
    play(&["--idle", "1"], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        stand.phone.pending(ANNA).await;
        browser.goto("about:blank").await;
        stand.logs("outcome=\"dropped\"").await;
        browser.open().await;
        browser.sees("notice", "You were away").await;
    })
    .await;
}

#[tokio::test]
async fn a_code_instead() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        browser.click("use-code").await;
        browser.has_focus("code").await;
        browser.picture("totp").await;
        browser.fill("code", "12345").await;
        browser.click("check-code").await;
        browser.sees("notice", "A code has six digits").await;
        browser.fill("code", &stand.phone.totp(ANNA, "wrong_code").await).await;
        browser.click("check-code").await;
        browser.sees("notice", "2 attempts left").await;
        browser.picture("totp-wrong").await;
        let code = stand.phone.totp(ANNA, "code").await;
        let (first, last) = code.split_at(3);
        browser.fill("code", &format!("{first} {last}")).await;
        browser.click("check-code").await;
        browser.sees("signed-in", ANNA).await;
    })
    .await;
}

#[tokio::test]
async fn two_browsers_two_users() {
    play(&[], async |stand| {
        let (one, two) = (stand.browser().await, stand.browser().await);
        let (first, second) = (one.ask_phone(ANNA).await, two.ask_phone(BERT).await);
        assert_ne!(first, second);
        assert!(stand.phone.pending(ANNA).await.1.contains(&first));
        assert!(stand.phone.pending(BERT).await.1.contains(&second));
        stand.phone.approve(BERT).await;
        two.sees("signed-in", BERT).await;
        one.sees("status", "Waiting for your answer").await;
        stand.phone.approve(ANNA).await;
        one.sees("signed-in", ANNA).await;
    })
    .await;
}

/// Whoever types an address ends nobody's sign-in, and sees nothing of whether there is an account.
#[tokio::test]
async fn f57_two_browsers_one_user() {
    for email in [ANNA, NOBODY] {
        play(&[], async move |stand| {
            let (older, newer) = (stand.browser().await, stand.browser().await);
            let first = older.ask_phone(email).await;
            older.sees("status", "Waiting for your answer").await;
            let second = newer.ask_phone(email).await;
            assert_ne!(first, second);
            if email == ANNA {
                assert!(stand.phone.pending(ANNA).await.1.contains(&second));
                stand.phone.approve(ANNA).await;
                newer.sees("signed-in", ANNA).await;
            }
            older.reload().await;
            older.sees("status", "Waiting for your answer").await;
            assert_eq!(older.text("match-code").await, first);
            assert!(!older.has("signed-in").await);
        })
        .await;
    }
}

#[tokio::test]
async fn keyboard_only() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.open().await;
        browser.has_focus("email").await;
        browser.press(ANNA).await;
        browser.press(Key::Enter).await;
        browser.text("match-code").await;
        browser.press(Key::Tab).await;
        browser.has_focus("use-code").await;
        browser.press(Key::Tab).await;
        browser.has_focus("cancel").await;
        browser.picture("focus").await;
        browser.press(Key::Enter).await;
        browser.sees("notice", "Request cancelled").await;
        browser.has_focus("email").await;
        for id in ["ask-phone", "by-code"] {
            browser.press(Key::Tab).await;
            browser.has_focus(id).await;
        }
        browser.press(Key::Space).await;
        browser.has_focus("code").await;
        browser.press(stand.phone.totp(ANNA, "code").await).await;
        browser.press(Key::Enter).await;
        browser.sees("signed-in", ANNA).await;
        browser.press(Key::Tab).await;
        browser.has_focus("sign-out").await;
        browser.press(Key::Enter).await;
        browser.sees("notice", "You are signed out").await;
    })
    .await;
}

#[tokio::test]
async fn the_website_stops_while_somebody_waits() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        browser.sees("status", "Waiting for your answer").await;
        stand.phone.pending(ANNA).await;
        assert!(stand.terminate().await, "it ends well");
        browser.sees("status", "This website is restarting").await;
        stand.logs("outcome=\"dropped\"").await;
    })
    .await;
}

/// What another website can make a browser send, and what the pages do with text that is code.
#[tokio::test]
async fn forged_requests_are_refused() {
    play(&[], async |stand| {
        let http = Client::builder().no_proxy().build().unwrap();
        let page = http.get(&stand.website).send().await.unwrap();
        let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"));
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = page.text().await.unwrap();
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let own = stand.website.trim_end_matches('/').to_owned();

        let post = async |csrf: &str, origin: &str, site: &str| {
            let form = [("csrf", csrf), ("email", "\"><script>alert(1)</script>"), ("by", "phone")];
            let request = http.post(format!("{own}/sign-in")).header(header::COOKIE, &cookie).form(&form);
            let request = request.header(header::ORIGIN, origin).header("sec-fetch-site", site);
            let answer = request.send().await.unwrap();
            (answer.status(), answer.headers().get(header::SET_COOKIE).cloned())
        };
        assert_eq!(post("wrong", &own, "same-origin").await.0, StatusCode::FORBIDDEN);
        assert_eq!(post(&csrf, "http://evil.example", "cross-site").await.0, StatusCode::FORBIDDEN);
        assert_eq!(post(&csrf, &own, "same-site").await.0, StatusCode::FORBIDDEN);
        assert_eq!(post(&csrf, "null", "same-origin").await.0, StatusCode::FORBIDDEN);
        let rebound = http.get(&stand.website).header(header::HOST, "evil.example").send().await.unwrap();
        assert_eq!(rebound.status(), StatusCode::FORBIDDEN);

        let none = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = [("csrf", csrf.as_str()), ("email", "\"><script>alert(1)</script>"), ("by", "phone")];
        let request = none.post(format!("{own}/sign-in")).header(header::COOKIE, &cookie).form(&form);
        let begun = request.header(header::ORIGIN, &own).send().await.unwrap();
        assert_eq!(begun.status(), StatusCode::SEE_OTHER);
        let cookie =
            begun.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let shown = http.get(&stand.website).header(header::COOKIE, &cookie).send().await.unwrap();
        assert!(
            shown.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
        let shown = shown.text().await.unwrap();
        assert!(shown.contains("check the email address") && !shown.contains("<script>alert"), "{shown}");
    })
    .await;
}

/// The demonstration offers two people: the phone shows the one who is asked, until somebody chooses another.
#[tokio::test]
async fn f64_the_phone_opens_on_whoever_waits() {
    play(&[], async |stand| {
        let phone = stand.browser().await;
        phone.goto(&stand.phone.page).await;
        phone.sees("empty", "Nothing is waiting").await;
        let browser = stand.browser().await;
        let code = browser.ask_phone(BERT).await;
        phone.sees("requests", &code).await;
        let other = stand.browser().await;
        other.goto(&stand.phone.page).await;
        other.sees("requests", &code).await;
    })
    .await;
}

#[tokio::test]
async fn f64_who_plays_is_not_throttled() {
    play(&["--play"], async |stand| {
        let browser = stand.browser().await;
        for _ in 0..7 {
            browser.ask_phone(ANNA).await;
            browser.click("cancel").await;
            browser.sees("notice", "cancelled").await;
        }
    })
    .await;
}

#[tokio::test]
async fn f64_the_pages_hold_on_a_narrow_screen_with_large_text() {
    play(&[], async |stand| {
        let browser = stand.browser().await;
        browser.open().await;
        browser.narrow().await;
        browser.picture("narrow-start").await;
        browser.fits().await;
        browser.ask_phone(BERT).await;
        browser.narrow().await;
        browser.picture("narrow-waiting").await;
        browser.fits().await;
        let phone = stand.browser().await;
        phone.goto(&stand.phone.page).await;
        phone.sees("requests", "s left").await;
        phone.narrow().await;
        phone.picture("narrow-phone").await;
        phone.fits().await;
    })
    .await;
}

/// A warning that is overwritten after a second is never heard.
#[tokio::test]
async fn f64_each_warning_is_said_once_and_stays() {
    play(&["--wait", "14"], async |stand| {
        let browser = stand.browser().await;
        browser.ask_phone(ANNA).await;
        let listen = "window.said = []; const node = document.getElementById('status');\
            new MutationObserver(() => said.push(node.textContent)).observe(node, { childList: true, characterData: true, \
                subtree: true }); return ''";
        browser.tell(listen).await;
        browser.sees("status", "10 seconds left").await;
        browser.sees("left", "7").await;
        browser.sees("status", "10 seconds left").await;
        let said = browser.tell("return said.join('|')").await;
        assert!(said.split('|').filter(|text| text.contains("seconds left")).count() <= 2, "{said}");
        assert_eq!(said.matches("10 seconds left").count(), 1, "{said}");
    })
    .await;
}

/// Said to everybody who waits, whether there is an account or not, and taken back when it is over.
#[tokio::test]
async fn b94_an_outage_is_told_to_everybody_alike() {
    play(&[], async |stand| {
        let (anna, stranger) = (stand.browser().await, stand.browser().await);
        anna.ask_phone(ANNA).await;
        stranger.ask_phone("stranger@example.com").await;
        stand.phone.pending(ANNA).await;
        stand.phone.goes_down().await;
        for browser in [&anna, &stranger] {
            browser.sees("status", "We cannot reach the sign-in service").await;
        }
        anna.picture("unreachable").await;
        // A page that comes later says so, too.
        stranger.reload().await;
        stranger.sees("status", "We cannot reach the sign-in service").await;
        stand.phone.comes_back().await;
        for browser in [&anna, &stranger] {
            browser.sees("status", "Waiting for your answer").await;
        }
        stand.phone.approve(ANNA).await;
        anna.sees("signed-in", ANNA).await;
    })
    .await;
}
