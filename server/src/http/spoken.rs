//! What serde says of a value that does not fit, in words of JSON: whoever sends it need not know Rust.

/// Says a message of serde's for its reader.
pub(super) fn spoken(message: &str) -> String {
    for beginning in ["invalid type: ", "invalid value: "] {
        let rest = message.strip_prefix(beginning);
        if let Some((found, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) {
            return format!("It is {}, and should be {}.", what(found), wanted(expected));
        }
    }
    if let Some((found, expected)) = message
        .strip_prefix("unknown variant ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        let known = expected.strip_prefix("one of ").unwrap_or(expected);
        return format!("{found} is not known here. Known is: {known}.");
    }
    if message.starts_with("data did not match any variant") {
        return "It has none of the forms that are known here: see /docs.".to_owned();
    }
    format!("The value cannot be used: {message}.")
}

/// A value that was sent.
fn what(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    match kind {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "unit" => "null".to_owned(),
        "string" => format!("the text {value}"),
        "boolean" => value.trim_matches('`').to_owned(),
        "integer" => format!("the number {}", value.trim_matches('`')),
        "floating" => format!(
            "the number {}",
            value.trim_start_matches("point ").trim_matches('`')
        ),
        _ => found.to_owned(),
    }
}

/// A kind of value that is taken.
fn wanted(expected: &str) -> &str {
    let kind = expected.split(' ').next().unwrap_or_default();
    match expected {
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" => "a text",
        "unit" => "null",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        _ if kind == "struct" || kind == "map" => "an object",
        _ if kind == "enum" || expected == "string or map" => {
            "one of the forms that are known here: see /docs"
        }
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Line {
        sku: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Plan {
        Together,
        Separate,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only the reading is tested")]
    enum Either {
        Count(u32),
        Text(String),
    }

    fn said<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        let error = serde_json::from_str::<T>(json).expect_err(json).to_string();
        spoken(error.split(" at line ").next().unwrap_or_default())
    }

    #[test]
    fn what_does_not_fit_is_said_in_words_of_json() {
        assert_eq!(
            said::<Line>("[7]"),
            "It is the number 7, and should be a text."
        );
        assert_eq!(said::<Line>("true"), "It is true, and should be an object.");
        assert_eq!(
            said::<u32>("\"3\""),
            "It is the text \"3\", and should be a whole number from 0."
        );
        assert_eq!(
            said::<u32>("-1"),
            "It is the number -1, and should be a whole number from 0."
        );
        assert_eq!(
            said::<u32>("1.5"),
            "It is the number 1.5, and should be a whole number from 0."
        );
        assert_eq!(
            said::<Vec<u32>>("{}"),
            "It is an object, and should be a list."
        );
        assert_eq!(
            said::<HashMap<String, u32>>("[]"),
            "It is a list, and should be an object."
        );
        assert_eq!(said::<String>("null"), "It is null, and should be a text.");
        assert_eq!(
            said::<bool>("\", expected u8\""),
            "It is the text \", expected u8\", and should be true or false."
        );
    }

    #[test]
    fn a_word_that_is_not_known_is_told_with_those_that_are() {
        assert_eq!(
            said::<Plan>("\"both\""),
            "`both` is not known here. Known is: `together` or `separate`."
        );
        assert_eq!(
            said::<Either>("[]"),
            "It has none of the forms that are known here: see /docs."
        );
        assert_eq!(
            spoken("something else"),
            "The value cannot be used: something else."
        );
    }
}
