//! A small, strict reader of HTML for the tests. Knows only what our templates may contain, and
//! refuses the rest: an unknown shape is an error, not a guess.

/// A start tag with its decoded attributes, or text.
#[derive(Debug)]
pub(super) enum Node {
    /// A start tag.
    Tag {
        /// Its name.
        name: String,
        /// Its attributes in order.
        attributes: Vec<(String, String)>,
        /// The names of the elements around it, outermost first.
        within: Vec<String>,
    },
    /// Decoded text.
    Text(String),
}

impl Node {
    /// The tag's name; empty for text.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Tag { name, .. } => name,
            Self::Text(_) => "",
        }
    }

    /// An attribute's value.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.attributes().iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All attributes.
    pub(super) fn attributes(&self) -> &[(String, String)] {
        match self {
            Self::Tag { attributes, .. } => attributes,
            Self::Text(_) => &[],
        }
    }

    /// Whether the tag stands inside an element of that name.
    pub(super) fn is_within(&self, outer: &str) -> bool {
        matches!(self, Self::Tag { within, .. } if within.iter().any(|name| name == outer))
    }
}

/// Elements that have no end tag.
const VOID: [&str; 6] = ["meta", "link", "img", "input", "br", "hr"];

/// Reads a document into its tags and texts.
///
/// # Errors
/// Says what is wrong with it: an element that is not closed or closed twice, an attribute without
/// quotes or given twice, a bare `<`, `>` or `&`.
pub(super) fn read(html: &str) -> Result<Vec<Node>, String> {
    let mut rest = html.strip_prefix("<!doctype html>").ok_or("no doctype")?;
    let mut open: Vec<String> = Vec::new();
    let mut nodes = Vec::new();
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        nodes.push(Node::Text(decode(text)?));
        let (inside, after) = split_tag(tag)?;
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => {}
                last => return Err(format!("</{name}> closes {last:?}")),
            }
            continue;
        }
        let (inside, closed) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let (name, list) = inside.split_once([' ', '\n']).unwrap_or((inside, ""));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Err(format!("odd element <{inside}>"));
        }
        nodes.push(Node::Tag {
            name: name.to_owned(),
            attributes: attributes(list).map_err(|why| format!("<{inside}>: {why}"))?,
            within: open.clone(),
        });
        if !closed && !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    nodes.push(Node::Text(decode(rest)?));
    if open.is_empty() { Ok(nodes) } else { Err(format!("left open: {open:?}")) }
}

/// The inside of the tag at the start, and what follows it; a `>` in quotes does not end it.
fn split_tag(tag: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    for (at, letter) in tag.char_indices().skip(1) {
        match letter {
            '"' => quoted = !quoted,
            '<' => return Err(format!("a bare < in {}", tag.get(..at).unwrap_or(tag))),
            '>' if !quoted => {
                let inside = tag.get(1..at).ok_or("cut inside a letter")?;
                return Ok((inside, tag.get(at + 1..).unwrap_or("")));
            }
            _ => {}
        }
    }
    Err("a tag without end".to_owned())
}

fn attributes(list: &str) -> Result<Vec<(String, String)>, String> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let value;
        (value, rest) = match after.strip_prefix('=') {
            None => ("", after.trim_start()),
            Some(after) => {
                let quoted = after.strip_prefix('"').ok_or("a value without quotes")?;
                let (value, after) = quoted.split_once('"').ok_or("a value without end")?;
                if !after.is_empty() && !after.starts_with([' ', '\n']) {
                    return Err("no space between attributes".to_owned());
                }
                (value, after.trim_start())
            }
        };
        if name.contains(['"', '\'', '<']) || found.iter().any(|(known, _)| known == name) {
            return Err(format!("odd or repeated attribute {name}"));
        }
        found.push((name.to_owned(), decode(value)?));
    }
    Ok(found)
}

/// Text without its character references; a bare `&` or `>` is an error.
fn decode(text: &str) -> Result<String, String> {
    if text.contains('>') {
        return Err(format!("a bare > in {text:?}"));
    }
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, reference) = rest.split_at(start);
        let (name, after) = reference.split_once(';').ok_or("a bare &")?;
        decoded.push_str(before);
        decoded.push(match name {
            "&#38" | "&amp" => '&',
            "&#60" | "&lt" => '<',
            "&#62" | "&gt" => '>',
            "&#34" | "&quot" => '"',
            "&#39" => '\'',
            other => return Err(format!("unknown reference {other}")),
        });
        rest = after;
    }
    decoded.push_str(rest);
    Ok(decoded)
}

#[test]
fn refuses_what_is_not_well_formed() {
    for bad in [
        "<p>",
        "</p>",
        "<p></div>",
        "<p><b></p></b>",
        "<p a=b></p>",
        "<p a=\"1\" a=\"2\"></p>",
        "<p a=\"1\"b=\"2\"></p>",
        "<p>a & b</p>",
        "<p>a > b</p>",
        "<p a=\"<\"></p>",
        "<P></P>",
        "<p",
    ] {
        assert!(read(&format!("<!doctype html>{bad}")).is_err(), "{bad}");
    }
    assert!(read("<p></p>").is_err(), "no doctype");
}

#[test]
fn reads_tags_attributes_and_text() {
    let nodes =
        read("<!doctype html><p><input name=\"a &#38; &#34;b&#34;\" checked>x &#60; y</p>").expect("well-formed");
    let input = nodes.iter().find(|node| node.name() == "input").expect("there is one");
    assert_eq!(input.get("name"), Some("a & \"b\""));
    assert_eq!(input.get("checked"), Some(""));
    assert!(input.is_within("p"));
    assert!(nodes.iter().any(|node| matches!(node, Node::Text(text) if text == "x < y")));
}
