//! Tables: hairlines between rows; on a narrow screen each row becomes a block, and stays a row for a screen reader.

use leptos::prelude::*;

use crate::words::t;

/// Longest word, in characters, that a cell keeps whole.
const WORD_CHARS_MAX: usize = 16;

/// The cells of a row.
pub type Row = Vec<AnyView>;

/// A table. Columns are named by the keys of their words; one whose key begins with `#` holds figures.
pub fn table(caption: String, columns: &[&str], rows: Vec<Row>) -> AnyView {
    let columns: Vec<(String, &'static str)> = columns
        .iter()
        .map(|key| match key.strip_prefix('#') {
            Some(key) => (t(key), "figure"),
            None => (t(key), ""),
        })
        .collect();
    let heads = columns.iter().map(|(name, class)| {
        view! { <th scope="col" role="columnheader" class={*class}>{name.clone()}</th> }.into_any()
    });
    let heads: Vec<_> = heads.collect();
    let rows = rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(&columns).map(|(cell, (name, class))| {
            view! { <td role="cell" class={*class} data-label={name.clone()}>{cell}</td> }
                .into_any()
        });
        let cells: Vec<_> = cells.collect();
        view! { <tr role="row">{cells}</tr> }.into_any()
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <table role="table">
            <caption>{caption}</caption>
            <thead role="rowgroup"><tr role="row">{heads}</tr></thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A cell of text. A word that would keep its column too wide may break.
pub fn cell(text: impl Into<String>) -> AnyView {
    let text: String = text.into();
    let is_long = |word: &str| WORD_CHARS_MAX < word.chars().count();
    let class = match text.split(' ').any(is_long) {
        true => "long",
        false => "",
    };
    view! { <span dir="auto" class={class}>{text}</span> }.into_any()
}

/// A cell with a count; a dash where there is none.
pub fn num(count: Option<i64>) -> AnyView {
    let text = count.map_or_else(|| "–".to_owned(), crate::format::number);
    view! { <span>{text}</span> }.into_any()
}

/// A cell that leads somewhere.
pub fn link(href: String, text: String) -> AnyView {
    view! { <a href={href} dir="auto">{text}</a> }.into_any()
}
