//! Names that are made to look like other names.
//!
//! Owns what a name looks like, which two names can be taken for each other, and which characters a name may not hide. Must never decide
//! what becomes of an app with such a name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use unicode_security::confusable_detection::skeleton;
use unicode_security::restriction_level::{RestrictionLevel, RestrictionLevelDetection as _};
use unicode_security::{GeneralSecurityProfile as _, MixedScript as _};

#[cfg(test)]
mod tests;

/// What is left of a name when everything is taken away that an eye passes over: case, accents, spaces and signs, the form of the company,
/// and which of several letters of one shape it is (Unicode UTS 39, 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    skeleton: String,
    words: Vec<String>,
}

impl Look {
    /// What a name looks like.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut words: Vec<String> = name.split(parts_words).map(fold).filter(|word| !word.is_empty()).collect();
        while words.len() > 1 && words.last().is_some_and(|last| TAILS.contains(last)) {
            words.pop();
        }
        while words.len() > 1 && words.first().is_some_and(|first| HEADS.contains(first)) {
            words.remove(0);
        }
        let mut whole = words.concat();
        if whole.is_empty() {
            // Signs alone: they are all that there is to see.
            whole = skeleton(name).filter(|c| !c.is_whitespace()).collect();
        }
        Self { skeleton: whole.chars().take(SKELETON_MAX).collect(), words }
    }

    /// One text for all names that look the same; not for people, and only to be compared with others of this version.
    #[must_use]
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }

    /// Whether it can be taken for the name with this skeleton.
    #[must_use]
    pub fn is_like(&self, skeleton: &str) -> bool {
        if self.skeleton == skeleton {
            return !skeleton.is_empty();
        }
        let (ours, theirs): (Vec<char>, Vec<char>) = (self.skeleton.chars().collect(), skeleton.chars().collect());
        let slips = slips(ours.len().min(theirs.len()));
        slips > 0 && ours.len().abs_diff(theirs.len()) <= slips && distance(&ours, &theirs) <= slips
    }

    /// How long a skeleton can be for this name to be like it, in characters: from, to.
    #[must_use]
    pub fn lengths(&self) -> (usize, usize) {
        let own = self.skeleton.chars().count();
        let slips = slips(own);
        (own.saturating_sub(slips), own.saturating_add(slips))
    }

    /// Whether it can be taken for that of somebody who speaks for whoever has the other name, as `Acme Support` speaks for `Acme`.
    #[must_use]
    pub fn speaks_for(&self, other: &Self) -> bool {
        let within = |part: &[String]| !part.is_empty() && self.words.windows(part.len()).any(|words| words == part);
        let inside = other.skeleton.chars().count() >= INSIDE_MIN && self.skeleton.contains(&other.skeleton);
        self.is_like(&other.skeleton) || within(&other.words) || inside
    }
}

/// Whether a word of a name has letters of several alphabets, as no language has them (Unicode UTS 39, 5.2: beyond highly restrictive).
#[must_use]
pub fn mixes_alphabets(name: &str) -> bool {
    let usual = |word: &str| {
        use RestrictionLevel::{ASCIIOnly, HighlyRestrictive, SingleScript};
        word.is_single_script()
            || (word.chars().all(|c| c.identifier_allowed())
                && matches!(word.detect_restriction_level(), ASCIIOnly | SingleScript | HighlyRestrictive))
    };
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).any(|word| !usual(word))
}

/// Whether a name holds what nobody sees: characters without a shape, spaces that are none, or accents heaped on each other.
#[must_use]
pub fn hides_something(name: &str) -> bool {
    let mut heap = 0_usize;
    name.chars().any(|c| {
        heap = if is_mark(c) { heap.saturating_add(1) } else { 0 };
        heap > MARKS_MAX || is_shapeless(c)
    })
}

/// Characters that show nothing, or a space where none is expected: those that Unicode calls default-ignorable, format characters, and
/// all spaces but the usual one.
fn is_shapeless(c: char) -> bool {
    (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that stand on the letter before them; those that heaps are made of.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// What stands between words. Some signs are read as letters within one.
fn parts_words(c: char) -> bool {
    !c.is_alphanumeric() && !is_mark(c) && as_letter(c) == c
}

fn as_letter(c: char) -> char {
    match c {
        '$' => 's',
        '@' => 'a',
        '|' => 'l',
        '€' => 'e',
        other => other,
    }
}

/// A word without case and accents, each letter as the one that stands for all of its shape.
fn fold(word: &str) -> String {
    let lower = |text: &str| skeleton(text).flat_map(char::to_lowercase).collect::<String>();
    let letters: String = word.chars().map(as_letter).collect();
    // Capital and small letters have other twins: once before the case is folded and once after.
    let folded = lower(&lower(&letters));
    // The capital of `i` is a twin of the small `l`, so they stand for each other in a name whose case is gone.
    let one_by_one = folded.chars().filter(|c| c.is_alphanumeric()).map(|c| if c == 'i' { 'l' } else { c });
    one_by_one.collect::<String>().replace("cl", "d").replace("vv", "w")
}

/// How many slips of a letter the eye forgives in a name of so many: none in a short one, where each makes another word.
fn slips(length: usize) -> usize {
    match length {
        0..=5 => 0,
        6..=11 => 1,
        _ => 2,
    }
}

/// How many letters must be put in, taken out, exchanged or swapped with their neighbour to make one of the other (optimal string
/// alignment).
fn distance(ours: &[char], theirs: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=theirs.len()).collect();
    let mut previous = None;
    for (row, our) in ours.iter().enumerate() {
        let mut next = vec![row.saturating_add(1)];
        let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
        for (column, their) in theirs.iter().enumerate() {
            let exchanged = at(&last, column).saturating_add(usize::from(our != their));
            let put_in = at(&next, column).saturating_add(1);
            let taken_out = at(&last, column.saturating_add(1)).saturating_add(1);
            let neighbour = column.checked_sub(1).and_then(|column| theirs.get(column));
            let is_swapped = neighbour == Some(our) && previous == Some(their);
            let swapped = match column.checked_sub(1) {
                Some(column) if is_swapped => at(&before, column).saturating_add(1),
                _ => usize::MAX,
            };
            next.push(exchanged.min(put_in).min(taken_out).min(swapped));
        }
        before = std::mem::replace(&mut last, next);
        previous = Some(our);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

fn folded(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| fold(word)).collect()
}

/// Words that a name can end with and be the same name.
static TAILS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    folded(&[
        "ab", "ag", "app", "apps", "as", "bv", "co", "com", "company", "corp", "gmbh", "inc", "limited", "llc", "llp",
        "ltd", "nv", "official", "oy", "plc", "sa", "sarl", "se", "tm", "uk",
    ])
});
/// Words that a name can begin with and be the same name.
static HEADS: LazyLock<BTreeSet<String>> = LazyLock::new(|| folded(&["my", "official", "the", "www"]));
/// Characters of a skeleton that are compared.
const SKELETON_MAX: usize = 160;
/// Characters that a name must have for it to be found inside of a word.
const INSIDE_MIN: usize = 6;
/// Marks on one letter; Vietnamese has two, and no language more than three.
const MARKS_MAX: usize = 3;
