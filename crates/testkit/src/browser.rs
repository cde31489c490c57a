//! A customer at a browser: follows links and redirects on the bank's pages, types, ticks and clicks.

use std::collections::BTreeMap;

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};

use crate::bank::TestBank;
use crate::html::Form;

/// A customer's browser. It keeps cookies; it follows redirects within the bank, and stops where the bank sends it elsewhere.
pub struct Browser {
    client: Client,
    bank: String,
}

/// What the browser shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status of the last answer.
    pub status: StatusCode,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// The address of the page, or the one outside the bank to which it was sent.
    pub url: String,
    /// What the page says.
    pub html: String,
    /// Every redirect on the way: status and target.
    pub redirects: Vec<(StatusCode, String)>,
    /// Every cookie that was set on the way, as the header said it.
    pub cookies: Vec<String>,
}

impl Page {
    /// The only form of the page.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn form(&self) -> Form {
        Form::all(&self.html).into_iter().next().unwrap_or_else(|| panic!("no form on {}: {}", self.url, self.html))
    }

    /// A header of the last answer.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value that a cookie was given on the way.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut values = self.cookies.iter().filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        values.rfind(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }

    /// A parameter in the address, such as the code that an app is sent.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&self.url).ok()?;
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The parameters behind the `#` of the address, which only a script of the app's sees.
    ///
    /// # Panics
    /// If one comes twice.
    #[must_use]
    pub fn fragment(&self) -> BTreeMap<String, String> {
        let (_, fragment) = self.url.split_once('#').unwrap_or_default();
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(fragment.as_bytes()) {
            let twice = parameters.insert(name.into_owned(), value.into_owned());
            assert_eq!(twice, None, "a parameter comes twice: {}", self.url);
        }
        parameters
    }
}

impl Browser {
    pub(crate) fn new(client: Client, bank: &str) -> Self {
        Self { client, bank: bank.to_owned() }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) -> Page {
        let url = self.absolute(url);
        let response = self.client.get(&url).send().await.expect("an answer");
        self.arrive(response, url).await
    }

    /// Sends fields to an address, as a form of the bank's own pages does.
    pub async fn post(&self, url: &str, fields: &[(String, String)]) -> Page {
        self.post_with(url, fields, &[("origin", &self.bank)]).await
    }

    /// Sends fields to an address with these headers, such as those by which a browser says where a form came from.
    pub async fn post_with(&self, url: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> Page {
        let url = self.absolute(url);
        let request = self.client.post(&url).form(fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.arrive(request.send().await.expect("an answer"), url).await
    }

    /// Types into the page's form and clicks the button with this id. Ticked boxes go along as they are.
    pub async fn submit(&self, page: &Page, typed: &[(&str, &str)], button: &str) -> Page {
        let form = page.form();
        let boxes: Vec<_> = form
            .boxes
            .iter()
            .filter(|(_, _, ticked)| *ticked)
            .map(|(name, value, _)| (name.clone(), value.clone()))
            .collect();
        self.submit_ticked(page, typed, &boxes, button).await
    }

    /// Types into the page's form, ticks exactly these boxes and clicks the button with this id.
    pub async fn submit_ticked(
        &self,
        page: &Page,
        typed: &[(&str, &str)],
        ticked: &[(String, String)],
        button: &str,
    ) -> Page {
        let form = page.form();
        let button = form.buttons.get(button).unwrap_or_else(|| panic!("no button {button} on {}", page.url));
        let mut fields = form.hidden.clone();
        for (name, value) in typed {
            assert!(form.inputs.iter().any(|input| input == name), "no field {name} on {}", page.url);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        fields.extend(ticked.iter().cloned());
        fields.extend(button.field.clone());
        self.post(button.action.as_ref().unwrap_or(&form.action), &fields).await
    }

    /// Signs in with both factors on the page that asks for the first.
    pub async fn sign_in(&self, page: &Page, username: &str) -> Page {
        let page = self.submit(page, &[("username", username), ("password", TestBank::PASSWORD)], "login-submit").await;
        assert!(page.url.ends_with("/sca"), "the password was not taken: {} {}", page.status, page.html);
        self.submit(&page, &[("code", TestBank::CODE)], "sca-submit").await
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.bank) } else { url.to_owned() }
    }

    async fn arrive(&self, mut response: Response, mut url: String) -> Page {
        let (mut redirects, mut cookies) = (Vec::new(), set_cookies(&response));
        while response.status().is_redirection() {
            let target =
                response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).expect("a target").to_owned();
            redirects.push((response.status(), target.clone()));
            assert!(redirects.len() < 10, "too many redirects: {redirects:?}");
            url = self.absolute(&target);
            if !url.starts_with(&format!("{}/", self.bank)) {
                break;
            }
            response = self.client.get(&url).send().await.expect("an answer");
            cookies.extend(set_cookies(&response));
        }
        let status = response.status();
        let headers = response.headers().clone();
        Page { status, headers, url, html: response.text().await.expect("a body"), redirects, cookies }
    }
}

fn set_cookies(response: &Response) -> Vec<String> {
    let values = response.headers().get_all(SET_COOKIE).iter();
    values.map(|value| value.to_str().expect("a cookie in ASCII").to_owned()).collect()
}
