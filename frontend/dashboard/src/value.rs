//! JSON as the API speaks it: read, changed in places, and sent back.
//!
//! A number stays as it was written, so that what goes back is what came, and no table for floats has to be loaded.

use std::fmt;
use std::ops::{Index, IndexMut};

/// Values within values that are read at most.
const DEPTH_MAX: u32 = 64;

/// A value of JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Yes or no.
    Flag(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Fields, in the order in which they came.
    Object(Vec<(String, Value)>),
}

static NOTHING: Value = Value::Null;

impl Value {
    /// The value of a text in JSON; null where it is none.
    pub fn read(text: &str) -> Self {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH_MAX);
        reader.space();
        match reader.at == text.len() {
            true => value.unwrap_or_default(),
            false => Self::Null,
        }
    }

    /// The field of this name, where there is one.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let fields = match self {
            Self::Object(fields) => fields.as_slice(),
            _ => &[],
        };
        fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The list, where it is one.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Whether it says yes or no, where it does.
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The whole number, where it is one.
    pub fn as_count(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The number, where it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number_of(number),
            _ => None,
        }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Keeps these fields only.
    pub fn keep(&mut self, keeps: impl Fn(&str, &Self) -> bool) {
        if let Self::Object(fields) = self {
            fields.retain(|(name, value)| keeps(name, value));
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at != 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at != 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl Index<&str> for Value {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NOTHING)
    }
}

/// A field that is written is there from then on; what was no object becomes one.
impl IndexMut<&str> for Value {
    fn index_mut(&mut self, name: &str) -> &mut Self {
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(fields) = self else {
            unreachable!("it was just made one")
        };
        let at = fields.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            fields.push((name.to_owned(), Self::Null));
            fields.len() - 1
        });
        &mut fields[at].1
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Value {
    fn from(count: i64) -> Self {
        Self::Number(count.to_string())
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        i64::from(count).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        value.clone()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// An object of these fields.
pub fn object(fields: Vec<(&str, Value)>) -> Value {
    let fields = fields.into_iter();
    Value::Object(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// A value as it stands in JSON: `json!({ "name": name })`, or anything that can be one.
macro_rules! json {
    ({ $($name:tt: $value:expr),* $(,)? }) => {
        $crate::value::object(vec![$(($name, $crate::value::Value::from($value))),*])
    };
    ($value:expr) => {
        $crate::value::Value::from($value)
    };
}
pub(crate) use json;

/// The number that a text is, to 15 digits at least; none where it is no number.
pub fn number_of(text: &str) -> Option<f64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.trim_start_matches('+').parse().ok()?),
        None => (digits, 0_i32),
    };
    let (mut value, mut scale, mut seen, mut is_behind) = (0.0, exponent, false, false);
    for digit in digits.bytes() {
        match digit {
            b'0'..=b'9' => {
                value = value * 10.0 + f64::from(digit - b'0');
                scale = scale.saturating_sub(i32::from(is_behind));
                seen = true;
            }
            b'.' if !is_behind => is_behind = true,
            _ => return None,
        }
    }
    let tens = |count: i32| (0..count.min(400)).fold(1.0, |value, _| value * 10.0);
    let value = match 0 <= scale {
        true => value * tens(scale),
        false => value / tens(scale.saturating_neg()),
    };
    seen.then_some(if is_negative { -value } else { value })
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' => out.push_str("\\n"),
            letter if letter < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn next(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.next(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn taken(&mut self, word: &str) -> bool {
        let is_there = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.space();
        match self.next() {
            b'{' => {
                let mut fields = Vec::new();
                self.each("}", |reader| {
                    reader.space();
                    let name = reader.string()?;
                    reader.space();
                    let value = reader.taken(":").then(|| reader.value(depth))??;
                    fields.push((name, value));
                    Some(())
                })?;
                Some(Value::Object(fields))
            }
            b'[' => {
                let mut items = Vec::new();
                self.each("]", |reader| {
                    items.push(reader.value(depth)?);
                    Some(())
                })?;
                Some(Value::List(items))
            }
            b'"' => self.string().map(Value::Text),
            b'-' | b'0'..=b'9' => {
                let from = self.at;
                while matches!(self.next(), b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') {
                    self.at += 1;
                }
                let number = &self.text[from..self.at];
                number_of(number)?;
                Some(Value::Number(number.to_owned()))
            }
            _ if self.taken("null") => Some(Value::Null),
            _ if self.taken("true") => Some(Value::Flag(true)),
            _ => self.taken("false").then_some(Value::Flag(false)),
        }
    }

    // What stands between commas, up to the end.
    fn each(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.space();
        if self.taken(end) {
            return Some(());
        }
        loop {
            item(self)?;
            self.space();
            if !self.taken(",") {
                return self.taken(end).then_some(());
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if !self.taken("\"") {
            return None;
        }
        let mut text = String::new();
        loop {
            let from = self.at;
            while !matches!(self.next(), b'"' | b'\\' | 0) {
                self.at += 1;
            }
            text.push_str(&self.text[from..self.at]);
            if self.taken("\"") {
                return Some(text);
            }
            if !self.taken("\\") {
                return None;
            }
            let letter = self.next();
            self.at += 1;
            text.push(match letter {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => self.unit()?,
                b'"' | b'\\' | b'/' => char::from(letter),
                _ => return None,
            });
        }
    }

    // A letter by its number; of two halves that make one letter, both.
    fn unit(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let second = self.taken("\\u").then(|| self.hex())??;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second.checked_sub(0xdc00)?)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, number_of};

    #[test]
    fn what_is_read_is_written_as_it_came() {
        for text in [
            "null",
            "true",
            "-12.50",
            r#""a \"b\" \\ c\n""#,
            r#"{"list":[1,[],{}],"none":null,"no":false,"e":1e-7}"#,
            "\"日本 العربية 🚢\"",
        ] {
            assert_eq!(Value::read(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        for text in ["-", "1-2", "2026-11-30", "1e", "1.2.3", "0.1e-2147483648x"] {
            assert_eq!(Value::read(text), Value::Null, "{text}");
        }
        assert_eq!(number_of("0.1e-2147483648"), Some(0.0));
    }

    #[test]
    fn spaces_and_letters_by_number_are_read() {
        let read = Value::read(" { \"a\" : [ \"\\u00fc\\ud83d\\udea2\\/\\t\" , 2 ] } ");
        assert_eq!(read.to_string(), "{\"a\":[\"ü🚢/\\u0009\",2]}");
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for text in [
            "",
            "<p>",
            "{",
            "[1,]",
            "{\"a\"}",
            "\"a",
            "tru",
            "1 2",
            "\"\\ud83d\"",
            "\"\\x\"",
        ] {
            assert_eq!(Value::read(text), Value::Null, "{text}");
        }
        assert_eq!(Value::read(&"[".repeat(100_000)), Value::Null);
    }

    #[test]
    fn only_a_whole_number_is_a_count() {
        let read = |text| Value::read(text);
        assert_eq!(read("17").as_count(), Some(17));
        assert_eq!(read("-17").as_count(), Some(-17));
        assert_eq!(read("17.0").as_count(), None);
        assert_eq!(read("17.0").as_number(), Some(17.0));
        assert_eq!(read("\"17\"").as_number(), None);
    }

    #[test]
    fn numbers_are_what_they_say() {
        let texts = [
            "0",
            "1",
            "-1",
            "0.1",
            "95.5",
            "1e3",
            "2.5E-3",
            "0.123456789012345",
            "45.",
            ".5",
        ];
        for text in texts {
            let exact: f64 = text.parse().expect("a number");
            let found = number_of(text).expect("a number");
            assert!(
                (found - exact).abs() <= exact.abs() * 1e-15,
                "{text}: {found}"
            );
        }
        for text in [
            "", "-", ".", "a", "1.2.3", "--1", "1e", "inf", "NaN", "0x10",
        ] {
            assert_eq!(number_of(text), None, "{text}");
        }
    }

    #[test]
    fn fields_are_changed_in_place() {
        let mut body = json!({ "a": 1_u32, "b": Value::Null });
        body["a"] = "x".into();
        body["c"]["d"] = true.into();
        assert_eq!(body.to_string(), r#"{"a":"x","b":null,"c":{"d":true}}"#);
        body.keep(|name, value| name != "c" && !value.is_null());
        assert_eq!(body.to_string(), r#"{"a":"x"}"#);
        assert!(body["missing"]["too"].is_null());
    }
}
