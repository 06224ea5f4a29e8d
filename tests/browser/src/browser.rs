use std::path::Path;

use thirtyfour::prelude::*;

use crate::until::until;

const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,1000",
];

/// One browser with a profile of its own: nobody else's cookies.
#[derive(Clone)]
pub struct Browser {
    driver: WebDriver,
    website: String,
}

impl Browser {
    pub async fn start(website: &str, profile: &Path) -> Self {
        let driver_url = std::env::var("WEBDRIVER_URL").expect("the script `run` sets WEBDRIVER_URL");
        let mut wanted = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
        let driver = WebDriver::new(driver_url, wanted).await.expect("a browser");
        Self { driver, website: website.to_owned() }
    }

    pub async fn quit(self) {
        let _ = self.driver.quit().await;
    }

    /// The first page.
    pub async fn open(&self) {
        self.goto(&self.website).await;
    }

    pub async fn goto(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    pub async fn reload(&self) {
        self.driver.refresh().await.unwrap();
    }

    /// Fills the form and asks the phone; answers with the match code of the page that comes.
    pub async fn ask_phone(&self, email: &str) -> String {
        self.open().await;
        self.fill("email", email).await;
        self.click("ask-phone").await;
        self.text("match-code").await
    }

    pub async fn fill(&self, id: &str, text: &str) {
        until(&format!("a field {id}"), async || {
            let field = self.element(id).await?;
            field.clear().await.ok()?;
            field.send_keys(text).await.ok()
        })
        .await;
    }

    pub async fn click(&self, id: &str) {
        until(&format!("a button {id}"), async || self.element(id).await?.click().await.ok()).await;
    }

    /// Clicks what this selector finds.
    pub async fn click_on(&self, css: &str) {
        until(css, async || self.driver.find(By::Css(css)).await.ok()?.click().await.ok()).await;
    }

    /// Waits until an element is there that says something, and answers with it.
    pub async fn text(&self, id: &str) -> String {
        until(&format!("a text in {id}"), async || {
            Some(self.element(id).await?.text().await.ok()?).filter(|text| !text.is_empty())
        })
        .await
    }

    /// Waits until the element says this.
    pub async fn sees(&self, id: &str, part: &str) {
        until(&format!("{part:?} in {id}"), async || {
            self.element(id).await?.text().await.ok()?.contains(part).then_some(())
        })
        .await;
    }

    /// Waits until the element is there, and has the keyboard.
    pub async fn has_focus(&self, id: &str) {
        until(&format!("the focus on {id}"), async || {
            let focused = self.driver.active_element().await.ok()?.id().await.ok()??;
            (focused == id).then_some(())
        })
        .await;
    }

    /// Presses keys as a person does who has no mouse.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    pub async fn has(&self, id: &str) -> bool {
        self.element(id).await.is_some()
    }

    /// What a person reads, all of it.
    pub async fn main_text(&self) -> String {
        self.driver.find(By::Tag("main")).await.unwrap().text().await.unwrap()
    }

    pub async fn source(&self) -> String {
        self.driver.source().await.unwrap()
    }

    /// The cookies that a script can see.
    pub async fn cookies_of_scripts(&self) -> String {
        let seen = self.driver.execute("return document.cookie", vec![]).await.unwrap();
        seen.convert().unwrap()
    }

    /// What a script says, as text.
    pub async fn tell(&self, script: &str) -> String {
        self.driver.execute(script, vec![]).await.unwrap().convert().unwrap()
    }

    /// The narrowest phone, and twice the size of text.
    pub async fn narrow(&self) {
        self.driver.set_window_rect(0, 0, 320, 900).await.unwrap();
        self.tell("document.documentElement.style.fontSize = '200%'; return ''").await;
    }

    /// Nothing is cut off or has to be scrolled sideways.
    pub async fn fits(&self) {
        let script = "const wide = [...document.querySelectorAll('main *, aside *')]\
            .filter((it) => it.getBoundingClientRect().right > innerWidth + 1 || it.scrollWidth > it.clientWidth + 1 \
                && !['SELECT', 'INPUT', 'SPAN', 'STRONG', 'A', 'CODE', 'LABEL'].includes(it.tagName));\
            return innerWidth + ': ' + wide.map((it) => it.tagName + '#' + it.id + '.' + it.className).join(' ')";
        let told = self.tell(script).await;
        assert!(told.starts_with("320: ") && told.len() == 5, "{told}");
    }

    /// The session id, as the browser keeps it.
    pub async fn session(&self) -> String {
        self.driver.get_named_cookie("web_login").await.unwrap().value
    }

    pub async fn title(&self) -> String {
        self.driver.title().await.unwrap()
    }

    /// Keeps a picture where `SCREENSHOTS` says, if it does.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("SCREENSHOTS") {
            self.driver.screenshot(&Path::new(&folder).join(format!("{name}.png"))).await.unwrap();
        }
    }

    /// As [`picture`](Self::picture), of a part of the page.
    pub async fn picture_of(&self, css: &str, name: &str) {
        if let Some(folder) = std::env::var_os("SCREENSHOTS") {
            let part = self.driver.find(By::Css(css)).await.unwrap();
            part.screenshot(&Path::new(&folder).join(format!("{name}.png"))).await.unwrap();
        }
    }

    async fn element(&self, id: &str) -> Option<WebElement> {
        self.driver.find(By::Id(id)).await.ok()
    }
}
