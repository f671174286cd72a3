//! Why one waits, as the merchant says it: a code and words by language, in two columns of the table that they are about.

use std::collections::BTreeMap;

use shared::reason::{ReasonCode, Stated};

use super::StoreError;

/// The columns `reason_code` and `reason_words`.
pub(super) type Columns = (Option<&'static str>, Option<String>);

/// A reason as it is stored.
pub(super) fn stored_reason(stated: Option<&Stated>) -> Columns {
    let Some(stated) = stated else {
        return (None, None);
    };
    let words = (!stated.words.is_empty())
        .then(|| serde_json::to_string(&stated.words).expect("words by language are JSON"));
    (stated.code.map(ReasonCode::name), words)
}

/// A reason from what is stored; none where neither a code nor words are.
pub(super) fn read_reason(
    code: Option<&str>,
    words: Option<&str>,
) -> Result<Option<Stated>, StoreError> {
    let unknown = || StoreError::Unreadable("reason_code");
    let code = code.map(|name| ReasonCode::named(name).ok_or_else(unknown));
    let unreadable = |_| StoreError::Unreadable("reason_words");
    let words: Option<BTreeMap<String, String>> = words
        .map(|words| serde_json::from_str(words).map_err(unreadable))
        .transpose()?;
    let stated = Stated {
        code: code.transpose()?,
        words: words.unwrap_or_default(),
        any: None,
    };
    Ok((!stated.is_nothing()).then_some(stated))
}
