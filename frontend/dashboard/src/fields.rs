//! Reads answers of the API. Answers only ever gain fields, so what is absent reads as nothing.

use crate::value::Value;

/// The fields of a JSON object, by name.
pub trait Fields {
    /// The value of this name, or null.
    fn at(&self, name: &str) -> &Value;
    /// A text; empty where there is none.
    fn text(&self, name: &str) -> String;
    /// A whole number, where there is one.
    fn count(&self, name: &str) -> Option<i64>;
    /// A number, where there is one.
    fn number(&self, name: &str) -> Option<f64>;
    /// True only where it says so.
    fn flag(&self, name: &str) -> bool;
    /// A list; empty where there is none.
    fn list(&self, name: &str) -> Vec<Value>;
    /// The texts of a list.
    fn texts(&self, name: &str) -> Vec<String>;
    /// Whether there is something by this name.
    fn has(&self, name: &str) -> bool;
}

impl Fields for Value {
    fn at(&self, name: &str) -> &Value {
        &self[name]
    }

    fn text(&self, name: &str) -> String {
        self.at(name).as_str().unwrap_or_default().to_owned()
    }

    fn count(&self, name: &str) -> Option<i64> {
        self.at(name).as_count()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.at(name).as_number()
    }

    fn flag(&self, name: &str) -> bool {
        self.at(name).as_flag().unwrap_or_default()
    }

    fn list(&self, name: &str) -> Vec<Value> {
        self.at(name).as_list().unwrap_or_default().to_vec()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.at(name).as_list().unwrap_or_default();
        let texts = texts.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    fn has(&self, name: &str) -> bool {
        !self.at(name).is_null()
    }
}
