//! The part of an address after the question mark.

use std::borrow::Cow;

/// The first value with this name.
pub fn first<'a>(query: Option<&'a str>, wanted: &str) -> Option<Cow<'a, str>> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| Cow::Borrowed(value))
}
