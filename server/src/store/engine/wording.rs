//! How PostgreSQL is asked what SQLite is asked in the same words.
//!
//! `column IN (SELECT value FROM json_each($2))` finds rows by a list. PostgreSQL may go for them through all
//! rows of a store, and does while it has no statistics, or keeps doing so by a plan that was made then. So it
//! is asked in a way that leaves it no choice: for each item, the rows with that key.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// What finds rows by a list.
const LIST: &str = "IN (SELECT value FROM json_each($";

/// A statement as PostgreSQL is asked.
pub fn worded(sql: &'static str) -> &'static str {
    static KNOWN: LazyLock<RwLock<HashMap<&str, &str>>> = LazyLock::new(RwLock::default);
    if !sql.contains(LIST) {
        return sql;
    }
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(worded) = known.get(sql) {
        return worded;
    }
    drop(known);
    // One for each statement of this program, so no more than there are.
    let worded: &'static str = item_by_item(sql).leak();
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(sql).or_insert(worded)
}

/// Words each list of a statement, the last first: what stands before stays where it is.
fn item_by_item(sql: &str) -> String {
    let mut worded = sql.to_owned();
    let mut before = sql.len();
    while let Some(at) = worded[..before].rfind(LIST) {
        before = at;
        worded = fenced(&worded, at).unwrap_or_else(|| as_array(&worded, at));
    }
    worded
}

/// The list at `at` as an array: by its items an index can be gone through.
fn as_array(sql: &str, at: usize) -> String {
    let (before, list) = sql.split_at(at);
    let (value, after) = listed(list);
    format!("{before}= ANY (ARRAY(SELECT value FROM json_each({value}))){after}")
}

/// The table in which the list at `at` finds rows, behind a fence: `OFFSET 0` keeps the planner from
/// mixing what is within with what is around. The conditions before the list come along, so that an index that
/// needs them can serve. `None` where one of them is about another table.
fn fenced(sql: &str, at: usize) -> Option<String> {
    let (before, list) = sql.split_at(at);
    let (value, after) = listed(list);
    let (clauses, conditions) = before.rsplit_once("WHERE ")?;
    let has =
        |text: &str, words: &[&str]| text.split_whitespace().any(|word| words.contains(&word));
    let is_plain = sql.trim_start().starts_with("SELECT")
        && !has(clauses, &["LEFT", "RIGHT", "FULL"])
        && !has(conditions, &["OR", "NOT"])
        && !has(after, &["OR"]);
    if !is_plain {
        return None;
    }
    let owner = conditions
        .trim_end()
        .rsplit(' ')
        .next()?
        .split_once('.')
        .map(|(table, _)| table);
    let is_own = |word: &str| word.split_once('.').map(|(table, _)| table) == owner;
    let words = conditions.split_whitespace();
    let mut columns = words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    if !columns.all(is_own) || conditions.contains(['(', ')']) {
        return None;
    }
    let within = match owner {
        Some(owner) => conditions.replace(&format!("{owner}."), "item."),
        None => conditions.to_owned(),
    };
    let (table, place) = named(clauses, owner)?;
    let (start, end) = (&clauses[..place.start], &clauses[place.end..]);
    let name = owner.unwrap_or(table);
    Some(format!(
        "{start}(SELECT item.* FROM (SELECT DISTINCT value FROM json_each({value})) AS asked CROSS JOIN LATERAL \
         (SELECT * FROM {table} AS item WHERE {within}= asked.value OFFSET 0) AS item) AS {name}{end}WHERE true{after}"
    ))
}

/// The value of a list, and what comes after its brackets.
fn listed(list: &str) -> (&str, &str) {
    let from = LIST.len() - 1;
    let end = list[from..].find("))").map_or(list.len(), |end| from + end);
    (&list[from..end], &list[(end + 2).min(list.len())..])
}

/// The table called `name`, or else the only one, and where it is named in `clauses`: `claim`,
/// `purchase_order_line AS line`.
fn named<'a>(clauses: &'a str, name: Option<&str>) -> Option<(&'a str, std::ops::Range<usize>)> {
    let clauses_from = clauses.rfind("FROM ")?;
    if clauses[..clauses_from].trim_end().ends_with("DELETE") {
        return None;
    }
    let words = clauses[clauses_from..].split_whitespace();
    let words: Vec<(usize, &str)> = words
        .map(|word| (word.as_ptr() as usize - clauses.as_ptr() as usize, word))
        .collect();
    let is_named = |at: usize| matches!(words[at].1, "FROM" | "JOIN");
    for at in (0..words.len()).filter(|at| is_named(*at)) {
        let &(start, table) = words.get(at + 1)?;
        let alias = match words.get(at + 2) {
            Some((_, "AS")) => words.get(at + 3).copied(),
            _ => None,
        };
        let (end_at, called) = alias.unwrap_or((start, table));
        if name.is_none_or(|name| name == called) {
            return Some((table, start..end_at + called.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_one_line(sql: &str) -> String {
        sql.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rows_are_looked_up_item_by_item() {
        let sql = "SELECT body FROM kept WHERE store_id = $1 AND route = $2 AND key IN (SELECT value FROM json_each($3)) ORDER BY key";
        assert_eq!(
            in_one_line(&item_by_item(sql)),
            "SELECT body FROM (SELECT item.* FROM (SELECT DISTINCT value FROM json_each($3)) AS asked CROSS JOIN LATERAL \
             (SELECT * FROM kept AS item WHERE store_id = $1 AND route = $2 AND key = asked.value OFFSET 0) \
             AS item) AS kept WHERE true ORDER BY key"
        );
    }

    #[test]
    fn of_several_tables_the_one_that_the_list_names() {
        let sql = "SELECT a FROM sku JOIN purchase_order_line AS line ON line.sku = sku.sku \
                   WHERE line.store_id = $1 AND line.open AND line.sku IN (SELECT value FROM json_each($2)) AND sku.tracked";
        assert_eq!(
            in_one_line(&item_by_item(sql)),
            "SELECT a FROM sku JOIN (SELECT item.* FROM (SELECT DISTINCT value FROM json_each($2)) AS asked CROSS JOIN LATERAL \
             (SELECT * FROM purchase_order_line AS item WHERE item.store_id = $1 AND item.open AND item.sku = asked.value OFFSET 0) \
             AS item) AS line ON line.sku = sku.sku WHERE true AND sku.tracked"
        );
    }

    #[test]
    fn what_is_no_plain_look_up_goes_by_an_array() {
        for (sql, worded) in [
            (
                "UPDATE sku SET revision = $3 WHERE store_id = $1 AND sku IN (SELECT value FROM json_each($2))",
                "UPDATE sku SET revision = $3 WHERE store_id = $1 AND sku = ANY (ARRAY(SELECT value FROM json_each($2)))",
            ),
            (
                "SELECT a FROM b WHERE c = $1 AND ($2 IS NULL OR d IN (SELECT value FROM json_each($2)))",
                "SELECT a FROM b WHERE c = $1 AND ($2 IS NULL OR d = ANY (ARRAY(SELECT value FROM json_each($2))))",
            ),
            (
                "SELECT a FROM b WHERE c IN (SELECT value FROM json_each($1)) OR d",
                "SELECT a FROM b WHERE c = ANY (ARRAY(SELECT value FROM json_each($1))) OR d",
            ),
            (
                "SELECT a FROM b LEFT JOIN e ON b.a = e.a WHERE e.c IN (SELECT value FROM json_each($1))",
                "SELECT a FROM b LEFT JOIN e ON b.a = e.a WHERE e.c = ANY (ARRAY(SELECT value FROM json_each($1)))",
            ),
        ] {
            assert_eq!(item_by_item(sql), worded);
        }
    }

    #[test]
    fn each_of_several_lists_is_worded() {
        let sql = "SELECT a FROM b WHERE c IN (SELECT value FROM json_each($1)) UNION SELECT d FROM e WHERE f IN (SELECT value FROM json_each($2))";
        let worded = item_by_item(sql);
        assert!(!worded.contains(LIST));
        assert_eq!(worded.matches("LATERAL").count(), 2);
    }
}
