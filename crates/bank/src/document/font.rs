//! The two fonts of a document: how a text is written in their encoding, and how wide it is.
//!
//! Helvetica is one of the fonts that every reader of PDF has (ISO 32000-1, 9.6.2.2), so none is carried along. Its encoding,
//! `WinAnsiEncoding`, has the letters of western Europe; what it lacks becomes a question mark.

/// A font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Plain,
    Bold,
}

impl Face {
    /// The name under which pages use it.
    pub(super) fn key(self) -> &'static [u8] {
        match self {
            Self::Plain => b"F1",
            Self::Bold => b"F2",
        }
    }

    /// Its own name.
    pub(super) fn name(self) -> &'static [u8] {
        match self {
            Self::Plain => b"Helvetica",
            Self::Bold => b"Helvetica-Bold",
        }
    }

    /// How wide a text is, in points.
    pub(super) fn width(self, text: &[u8], size: f32) -> f32 {
        let thousandths: f32 = text.iter().map(|byte| self.advance(*byte)).sum();
        thousandths * size / 1000.0
    }

    /// Breaks a text into lines that are no wider than `room` points; a word that is too wide is broken itself.
    pub(super) fn wrap(self, text: &str, size: f32, room: f32) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut line: Vec<u8> = Vec::new();
        for word in text.split_whitespace().map(encode) {
            let gap: &[u8] = if line.is_empty() { b"" } else { b" " };
            let longer = [&line, gap, &word].concat();
            if self.width(&longer, size) <= room {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for byte in word {
                line.push(byte);
                if self.width(&line, size) > room && line.len() > 1 {
                    let last = line.pop();
                    lines.push(std::mem::replace(&mut line, last.into_iter().collect()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    fn advance(self, byte: u8) -> f32 {
        let widths = match self {
            Self::Plain => &PLAIN,
            Self::Bold => &BOLD,
        };
        usize::from(byte).checked_sub(FIRST).and_then(|place| widths.get(place)).copied().map_or(0.0, f32::from)
    }
}

/// A text in `WinAnsiEncoding` (ISO 32000-1, annex D.2).
pub(super) fn encode(text: &str) -> Vec<u8> {
    text.chars().map(byte_of).collect()
}

fn byte_of(letter: char) -> u8 {
    match (letter, u8::try_from(u32::from(letter))) {
        ('\u{20}'..='\u{7e}' | '\u{a0}'..='\u{ff}', Ok(byte)) => byte,
        _ => BETWEEN.iter().find(|(known, _)| *known == letter).map_or(b'?', |(_, byte)| *byte),
    }
}

/// What lies between ASCII and Latin-1.
const BETWEEN: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// The first byte that has a width.
const FIRST: usize = 32;

/// Widths of Helvetica from the space on, in thousandths of the size (Adobe's font metrics).
#[rustfmt::skip]
const PLAIN: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350,
    556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    667, 667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/// Widths of Helvetica-Bold.
#[rustfmt::skip]
const BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350,
    556, 350, 278, 556, 500, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
    350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944, 350, 500, 667,
    278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333,
    400, 584, 333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611,
    722, 722, 722, 722, 722, 722, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278,
    722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611,
    556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278,
    611, 611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text: String, room in 10..300_u16) {
            let room = f32::from(room);
            let lines = Face::Plain.wrap(&text, 8.5, room);
            for line in &lines {
                prop_assert!(Face::Plain.width(line, 8.5) <= room, "{:?}", line);
            }
            let written: Vec<u8> = lines.concat().into_iter().filter(|byte| *byte != b' ').collect();
            let expected: Vec<u8> = text.split_whitespace().flat_map(encode).collect();
            prop_assert_eq!(written, expected);
        }
    }

    #[test]
    fn writes_what_the_encoding_has_and_marks_what_it_lacks() {
        assert_eq!(encode("Café £5 – Štefan’s €"), b"Caf\xe9 \xa35 \x96 \x8atefan\x92s \x80");
        assert_eq!(encode("Dvořák 東京\t\u{81}"), b"Dvo?\xe1k ????");
    }

    #[test]
    fn knows_how_wide_a_text_is() {
        assert!((Face::Plain.width(b"1,234.56", 10.0) - 38.92).abs() < 0.001);
        assert!((Face::Bold.width(b"Total", 10.0) - 23.89).abs() < 0.001);
        assert_eq!(Face::Plain.width(&[7], 10.0), 0.0);
    }
}
