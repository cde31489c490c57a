//! What a browser says of itself, as far as a customer would recognise it: its kind, and that of the machine.
//!
//! Nothing else of it is kept. Versions and models would tell devices apart that their owners did not tell apart, and anybody can claim
//! to be any browser: it is a word in a letter, and no proof of anything.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $member:ident = $code:literal, $words:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $member,)* }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$member,)*];

            /// The name under which it is stored.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$member => $code,)* }
            }

            /// What people call it.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$member => $words,)* }
            }

            /// The one with this code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

words! {
    /// Who made a browser.
    Family {
        /// Google's, and others that say they are like it.
        Chrome = "chrome", "Chrome";
        /// Microsoft's.
        Edge = "edge", "Edge";
        /// Mozilla's.
        Firefox = "firefox", "Firefox";
        /// Opera's.
        Opera = "opera", "Opera";
        /// Apple's.
        Safari = "safari", "Safari";
        /// Samsung's.
        Samsung = "samsung", "Samsung Internet";
        /// None of these.
        #[default]
        Unknown = "unknown", "a browser that we do not know";
    }
}

words! {
    /// On what a browser runs.
    System {
        /// A telephone or tablet.
        Android = "android", "Android";
        /// A telephone or tablet of Apple's.
        Ios = "ios", "an iPhone or iPad";
        /// A computer.
        Linux = "linux", "Linux";
        /// A computer of Apple's.
        Mac = "mac", "a Mac";
        /// None of these.
        #[default]
        Unknown = "unknown", "";
        /// A computer.
        Windows = "windows", "Windows";
    }
}

/// A kind of browser on a kind of machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Browser {
    /// Who made it.
    pub family: Family,
    /// On what it runs.
    pub system: System,
}

impl Browser {
    /// What a `User-Agent` (RFC 9110 10.1.5) means; of one that is very long, its beginning.
    #[must_use]
    pub fn of_user_agent(text: &str) -> Self {
        let text = text.get(..text.floor_char_boundary(READ_BYTES_MAX)).unwrap_or(text);
        let family = FAMILIES.iter().find(|(mark, _)| text.contains(mark)).map(|(_, family)| *family);
        let system = SYSTEMS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, system)| *system);
        Self { family: family.unwrap_or_default(), system: system.unwrap_or_default() }
    }

    /// `Firefox on Linux`.
    #[must_use]
    pub fn words(self) -> String {
        match self.system {
            System::Unknown => self.family.words().to_owned(),
            known => format!("{} on {}", self.family.words(), known.words()),
        }
    }
}

/// Most name several others for the sake of old pages, so the one that names the most comes first.
const FAMILIES: [(&str, Family); 13] = [
    ("Edg/", Family::Edge),
    ("EdgA/", Family::Edge),
    ("EdgiOS/", Family::Edge),
    ("OPR/", Family::Opera),
    ("OPX/", Family::Opera),
    ("SamsungBrowser/", Family::Samsung),
    ("FxiOS/", Family::Firefox),
    ("Firefox/", Family::Firefox),
    ("CriOS/", Family::Chrome),
    ("HeadlessChrome/", Family::Chrome),
    ("Chrome/", Family::Chrome),
    ("Chromium/", Family::Chrome),
    ("Safari/", Family::Safari),
];
/// An Android names Linux as well, an iPhone the Mac.
const SYSTEMS: [(&str, System); 7] = [
    ("Android", System::Android),
    ("iPhone", System::Ios),
    ("iPad", System::Ios),
    ("Windows", System::Windows),
    ("Macintosh", System::Mac),
    ("Linux", System::Linux),
    ("CrOS", System::Linux),
];
/// Bytes of a `User-Agent` that are looked at.
const READ_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_the_usual_browsers_among_those_that_they_claim_to_be() {
        for (text, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on a Mac",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1",
                "Chrome on an iPhone or iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            ("curl/8.5.0", "a browser that we do not know"),
            ("", "a browser that we do not know"),
        ] {
            assert_eq!(Browser::of_user_agent(text).words(), words, "{text}");
        }
    }

    #[test]
    fn codes_are_read_back() {
        for family in Family::ALL {
            assert_eq!(Family::from_code(family.code()), Some(*family));
        }
        for system in System::ALL {
            assert_eq!(System::from_code(system.code()), Some(*system));
        }
        assert_eq!(Family::from_code("netscape"), None);
    }

    proptest! {
        /// Whatever somebody sends, only words of ours come out.
        #[test]
        fn says_nothing_that_was_sent(text in "\\PC{0,700}") {
            let browser = Browser::of_user_agent(&text);
            prop_assert!(Family::ALL.contains(&browser.family) && System::ALL.contains(&browser.system));
        }
    }
}
