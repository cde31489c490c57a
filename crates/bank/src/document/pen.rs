//! Drawing on a page, and putting pages together to a PDF file (ISO 32000-1).
//!
//! A file holds text, lines and plain rectangles: no script, no link, no form, no attachment, nothing to fetch.

use pdf_writer::{Content, Date as Stamp, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::font::{Face, encode};

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) face: Face,
    /// In points.
    pub(super) size: f32,
    pub(super) ink: Ink,
}

/// Red, green and blue, each from 0 to 1.
pub(super) type Ink = [f32; 3];

/// One page. Places are in points from its upper left corner; those of texts mean their base line.
pub(super) struct Page {
    content: Content,
}

impl Page {
    pub(super) fn new() -> Self {
        Self { content: Content::new() }
    }

    /// Writes a text that begins at a place.
    pub(super) fn left(&mut self, x: f32, y: f32, style: Style, text: &str) {
        self.encoded(x, y, style, &encode(text));
    }

    /// Writes a text that ends at a place and takes no more room than there is: it shrinks if it must.
    pub(super) fn right(&mut self, (x, y): (f32, f32), room: f32, style: Style, text: &str) {
        let text = encode(text);
        let wide = style.face.width(&text, style.size);
        let size = if wide > room { style.size * room / wide } else { style.size };
        self.encoded(x - style.face.width(&text, size), y, Style { size, ..style }, &text);
    }

    /// Writes a text that begins at a place and takes no more room than there is: it shrinks if it must.
    pub(super) fn fitted(&mut self, (x, y): (f32, f32), room: f32, style: Style, text: &str) {
        let text = encode(text);
        let wide = style.face.width(&text, style.size);
        let size = if wide > room { style.size * room / wide } else { style.size };
        self.encoded(x, y, Style { size, ..style }, &text);
    }

    /// Writes a text that is encoded.
    pub(super) fn encoded(&mut self, x: f32, y: f32, style: Style, text: &[u8]) {
        let [red, green, blue] = style.ink;
        self.content
            .begin_text()
            .set_fill_rgb(red, green, blue)
            .set_font(Name(style.face.key()), style.size)
            .next_line(x, HEIGHT - y)
            .show(Str(text))
            .end_text();
    }

    /// Draws a line from left to right.
    pub(super) fn rule(&mut self, y: f32, width: f32, ink: Ink) {
        let [red, green, blue] = ink;
        self.content
            .set_stroke_rgb(red, green, blue)
            .set_line_width(width)
            .move_to(MARGIN, HEIGHT - y)
            .line_to(WIDTH - MARGIN, HEIGHT - y)
            .stroke();
    }

    /// Fills a band from left to right.
    pub(super) fn band(&mut self, top: f32, height: f32, ink: Ink) {
        let [red, green, blue] = ink;
        self.content
            .set_fill_rgb(red, green, blue)
            .rect(MARGIN, HEIGHT - top - height, WIDTH - 2.0 * MARGIN, height)
            .fill_nonzero();
    }
}

/// What a file says about itself.
pub(super) struct About<'a> {
    pub(super) title: &'a str,
    pub(super) author: &'a str,
    pub(super) made_on: lombard_domain::time::Date,
}

/// Puts pages together to a file. The same pages make the same file, byte for byte.
pub(super) fn file(about: &About<'_>, pages: Vec<Page>) -> Vec<u8> {
    let mut numbers = (1..).map(Ref::new);
    let mut next = || numbers.next().unwrap_or(Ref::new(i32::MAX));
    let (catalog, tree, info) = (next(), next(), next());
    let fonts = [(Face::Plain, next()), (Face::Bold, next())];
    let numbered: Vec<(Ref, Ref, Page)> = pages.into_iter().map(|page| (next(), next(), page)).collect();

    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("en-GB"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    let count = i32::try_from(numbered.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(numbered.iter().map(|(page, _, _)| *page)).count(count);
    for (id, contents, page) in numbered {
        let mut writer = pdf.page(id);
        writer.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(contents);
        let mut resources = writer.resources();
        let mut dictionary = resources.fonts();
        for (face, font) in fonts {
            dictionary.pair(Name(face.key()), font);
        }
        dictionary.finish();
        resources.finish();
        writer.finish();
        pdf.stream(contents, &page.content.finish());
    }
    for (face, id) in fonts {
        pdf.type1_font(id).base_font(Name(face.name())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.document_info(info)
        .title(TextStr(about.title))
        .author(TextStr(about.author))
        .producer(TextStr("Lombard"))
        .creation_date(stamp(about.made_on));
    pdf.finish()
}

fn stamp(day: lombard_domain::time::Date) -> Stamp {
    let small = |number: i8| u8::try_from(number).unwrap_or(1);
    Stamp::new(u16::try_from(day.year()).unwrap_or(1)).month(small(day.month())).day(small(day.day()))
}

/// A4, in points.
pub(super) const WIDTH: f32 = 595.0;
/// A4, in points.
pub(super) const HEIGHT: f32 = 842.0;
/// Left and right, in points.
pub(super) const MARGIN: f32 = 50.0;
