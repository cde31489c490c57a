//! How deeply foreign JSON may be nested.
//!
//! A reader of JSON goes one step down its stack for each level, and so does everything that walks through the value afterwards.
//! So bytes from outside are looked at before any reader sees them. Their length is bounded where they arrive, and with it the
//! number of members and the length of texts.

/// Whether no value lies deeper than [`DEPTH_MAX`] objects and arrays.
///
/// Says nothing of whether the bytes are JSON at all: what is malformed is refused by whoever reads it.
#[must_use]
pub fn is_shallow(bytes: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut is_text = false;
    let mut is_escaped = false;
    for byte in bytes {
        match (is_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_text = !is_text,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return false;
        }
    }
    true
}

/// Objects and arrays around a value in JSON that comes from outside; no message of any standard we know needs ten.
pub const DEPTH_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn takes_what_is_as_deep_as_allowed_and_nothing_deeper() {
        assert!(is_shallow(nested(DEPTH_MAX).as_bytes()));
        assert!(!is_shallow(nested(DEPTH_MAX + 1).as_bytes()));
        let objects = format!("{}1{}", "{\"a\":".repeat(DEPTH_MAX + 1), "}".repeat(DEPTH_MAX + 1));
        assert!(!is_shallow(objects.as_bytes()));
        assert!(is_shallow("[{},[]],".repeat(1000).as_bytes()), "beside each other is not inside each other");
    }

    #[test]
    fn brackets_in_texts_are_no_depth() {
        for text in ["[".repeat(100), "\\\"[".repeat(100), "\\\\".repeat(3) + "\",\"" + &"{".repeat(100)] {
            assert!(is_shallow(format!("[\"{text}\"]").as_bytes()), "{text}");
        }
        // The backslash is escaped itself, so the text ends and the brackets count.
        assert!(!is_shallow(format!("[\"\\\\\",{}", nested(DEPTH_MAX)).as_bytes()));
    }

    proptest! {
        #[test]
        fn sees_the_depth_that_a_reader_sees(value in value()) {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(is_shallow(text.as_bytes()), depth(&value) <= DEPTH_MAX, "{}", text);
        }

        #[test]
        fn bears_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if is_shallow(&bytes) {
                let _ = serde_json::from_slice::<Value>(&bytes);
            }
        }
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// A small value inside as many arrays and objects as it takes to come near the limit.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            r#"[\[\]{}"\\a]{0,12}"#.prop_map(Value::from)
        ];
        (leaf, r#"[\[{"\\]{0,4}"#, 0..40_usize, any::<bool>()).prop_map(|(leaf, name, levels, is_array)| {
            (0..levels).fold(leaf, |inner, level| {
                if is_array == (level % 3 == 0) {
                    Value::Array(vec![inner, Value::from("]")])
                } else {
                    Value::Object([(name.clone(), inner)].into_iter().collect())
                }
            })
        })
    }
}
