//! Just enough of HTML to fill in our own forms: tags, attributes, entities.

use std::collections::BTreeMap;

/// The first form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it posts to.
    pub action: String,
    /// Hidden fields.
    pub hidden: Vec<(String, String)>,
    /// Check boxes: name, value, whether ticked.
    pub boxes: Vec<(String, String, bool)>,
    /// Submit buttons by id: name, value, and where they post to if elsewhere.
    pub buttons: BTreeMap<String, Button>,
    /// Names of the fields to type into.
    pub inputs: Vec<String>,
}

/// A button that sends a form.
#[derive(Clone, Debug)]
pub struct Button {
    /// What it adds to the form.
    pub field: Option<(String, String)>,
    /// Where it posts to, if elsewhere than the form.
    pub action: Option<String>,
}

impl Form {
    /// All forms of a page.
    #[must_use]
    pub fn all(html: &str) -> Vec<Self> {
        html.split("<form").skip(1).filter_map(|rest| Self::read(rest.split("</form").next()?)).collect()
    }

    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once('>')?;
        let mut form = Self {
            action: attribute(head, "action").unwrap_or_default(),
            hidden: Vec::new(),
            boxes: Vec::new(),
            buttons: BTreeMap::new(),
            inputs: Vec::new(),
        };
        for tag in body.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            if tag.starts_with("input") {
                form.add_input(tag);
            } else if tag.starts_with("button") {
                let field = attribute(tag, "name").map(|name| (name, attribute(tag, "value").unwrap_or_default()));
                let button = Button { field, action: attribute(tag, "formaction") };
                form.buttons.insert(attribute(tag, "id").unwrap_or_default(), button);
            }
        }
        Some(form)
    }

    fn add_input(&mut self, tag: &str) {
        let name = attribute(tag, "name").unwrap_or_default();
        let value = attribute(tag, "value").unwrap_or_default();
        match attribute(tag, "type").as_deref() {
            Some("hidden") => self.hidden.push((name, value)),
            Some("checkbox") => {
                self.boxes.push((name, value, tag.split_whitespace().any(|word| word.starts_with("checked"))))
            }
            _ => self.inputs.push(name),
        }
    }
}

/// The value of an attribute of a tag, with entities resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\"")).or_else(|| tag.find(&format!("\n{name}=\"")))? + name.len() + 3;
    let rest = tag.get(start..)?;
    rest.split('"').next().map(unescape)
}

/// Resolves the entities that our templates write.
pub(crate) fn unescape(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
