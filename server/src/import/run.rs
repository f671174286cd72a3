//! Rows on their way to the database, in an order that suits it.
//!
//! A row that lands beside the one before it is written at a fraction of the cost of one that lands
//! anywhere. So rows that come out of order are held back and sorted; those of a file that is in
//! order go straight through.

use std::mem;

use shared::ids::{LocationId, SupplierId};
use shared::supply::BackorderMode;

use super::intake::{Batch, Row};

/// Rows of a batch.
pub const BATCH_ROWS: usize = 4_096;
/// Most bytes of rows that are held back to be sorted: a million rows of a name and a count.
pub const HELD_BACK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Rows that were not handed over yet, each as the JSON that the store takes.
#[derive(Default)]
pub struct Run {
    text: String,
    rows: Vec<Place>,
    /// True once a row came that belongs before another one of this run.
    unordered: bool,
    /// The last row that was handed over.
    last: String,
}

/// Where a row is in the text.
#[derive(Clone, Copy)]
struct Place {
    begin: usize,
    /// Where its SKU ends.
    sku: usize,
    /// Where that begins which most rows do not say.
    more: usize,
    end: usize,
    /// True if it says something of the SKU itself.
    of_sku: bool,
}

impl Run {
    /// Takes a row.
    pub fn push(&mut self, row: &Row, location: &LocationId) {
        let begin = self.text.len();
        let sku = write_row(&mut self.text, row, location);
        let more = self.text.len();
        write_more(&mut self.text, row);
        let place = Place {
            begin,
            sku,
            more,
            end: self.text.len(),
            of_sku: row.title.is_some() || more < self.text.len(),
        };
        let before = match self.rows.last() {
            Some(last) => self.row(*last),
            None => &self.last,
        };
        self.unordered |= self.row(place) < before;
        self.rows.push(place);
    }

    /// True if it is time to hand rows over.
    pub fn is_full(&self) -> bool {
        if self.unordered {
            HELD_BACK_BYTES_MAX <= self.text.len()
        } else {
            BATCH_ROWS <= self.rows.len()
        }
    }

    /// Hands all rows over in order, a batch at a time, and begins anew.
    pub fn hand_over(&mut self, mut take: impl FnMut(Batch)) {
        let mut rows = mem::take(&mut self.rows);
        if self.unordered {
            rows.sort_unstable_by(|one, other| self.row(*one).cmp(self.row(*other)));
        }
        for places in rows.chunks(BATCH_ROWS) {
            take(self.batch(places));
        }
        if let Some(last) = rows.last() {
            self.last = self.row(*last).to_owned();
        }
        rows.clear();
        self.rows = rows;
        self.text.clear();
        self.unordered = false;
    }

    fn batch(&self, places: &[Place]) -> Batch {
        let bytes: usize = places
            .iter()
            .map(|place| place.more - place.begin + 1)
            .sum();
        let shares_sku = |pair: &[Place]| {
            (pair[0].of_sku || pair[1].of_sku) && self.sku(pair[0]) == self.sku(pair[1])
        };
        let mut batch = Batch {
            rows_json: String::with_capacity(bytes + 2),
            shares_skus: places.windows(2).any(shares_sku),
            ..Batch::default()
        };
        for place in places {
            batch
                .rows_json
                .push(if batch.rows == 0 { '[' } else { ',' });
            batch.rows_json.push_str(self.row(*place));
            let more = &self.text[place.more..place.end];
            if !more.is_empty() {
                let first = batch.more_json.is_empty();
                batch.more_json.push(if first { '[' } else { ',' });
                batch.more_json.push('[');
                batch.more_json.push_str(&batch.rows.to_string());
                batch.more_json.push_str(more);
                batch.more_json.push(']');
            }
            batch.rows += 1;
        }
        batch.rows_json.push(']');
        if !batch.more_json.is_empty() {
            batch.more_json.push(']');
        }
        batch
    }

    fn sku(&self, place: Place) -> &str {
        &self.text[place.begin..place.sku]
    }

    /// Begins with the SKU, so its order is that of the SKUs, or near enough.
    fn row(&self, place: Place) -> &str {
        &self.text[place.begin..place.more]
    }
}

/// Writes what most rows say, in the order in which the store reads it. Returns where the SKU ends.
fn write_row(json: &mut String, row: &Row, location: &LocationId) -> usize {
    json.push('[');
    write_text(json, row.sku.as_str());
    let sku = json.len();
    json.push(',');
    write_text(json, location.as_str());
    write_number(json, row.on_hand);
    if let Some(title) = &row.title {
        json.push(',');
        write_text(json, title);
    }
    json.push(']');
    sku
}

/// Writes what most rows do not say, in the order in which the store reads it; nothing if this one
/// says none of it.
fn write_more(json: &mut String, row: &Row) {
    let begin = json.len();
    let released_on = row.released_on.map(|day| day.to_string());
    write_optional(json, row.title_if_none.as_deref());
    write_number(json, row.tracked.map(u32::from));
    write_number(json, row.discontinued.map(u32::from));
    write_optional(json, row.backorder.map(BackorderMode::name));
    write_number(json, row.backorder_limit);
    write_optional(json, row.reason.as_deref());
    write_optional(json, released_on.as_deref());
    write_number(json, row.low_stock_threshold);
    write_optional(json, row.supplier.as_ref().map(SupplierId::as_str));
    write_number(json, row.lead_time_days);
    write_number(json, row.committed);
    write_number(json, row.safety_stock);
    if json[begin..]
        .split(',')
        .all(|part| part.is_empty() || part == NULL)
    {
        json.truncate(begin);
    }
}

const NULL: &str = "null";

fn write_number(json: &mut String, value: Option<u32>) {
    json.push(',');
    match value {
        Some(value) => json.push_str(&value.to_string()),
        None => json.push_str(NULL),
    }
}

fn write_optional(json: &mut String, text: Option<&str>) {
    json.push(',');
    match text {
        Some(text) => write_text(json, text),
        None => json.push_str(NULL),
    }
}

fn write_text(json: &mut String, text: &str) {
    let is_plain = |byte: u8| byte != b'"' && byte != b'\\' && 0x20 <= byte;
    if text.bytes().all(is_plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&serde_json::to_string(text).expect("text is always JSON"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sku: &str, on_hand: u32) -> Row {
        let mut row = Row::new(sku.parse().expect("a SKU"));
        row.on_hand = Some(on_hand);
        row
    }

    fn handed_over(run: &mut Run) -> Vec<Batch> {
        let mut batches = Vec::new();
        run.hand_over(|batch| batches.push(batch));
        batches
    }

    #[test]
    fn rows_out_of_order_are_held_back_and_sorted() {
        let main = "main".parse().expect("an id");
        let mut run = Run::default();
        for number in (0..5_000).rev() {
            run.push(&row(&format!("sku-{number:04}"), number), &main);
        }
        assert!(!run.is_full());
        let batches = handed_over(&mut run);
        let sizes: Vec<u32> = batches.iter().map(|batch| batch.rows).collect();
        assert_eq!(sizes, [4_096, 904]);
        let begins = "[[\"sku-0000\",\"main\",0],[\"sku-0001\",\"main\",1],";
        assert!(batches[0].rows_json.starts_with(begins));
        assert_eq!(handed_over(&mut run), []);
    }

    #[test]
    fn rows_in_order_go_through_a_batch_at_a_time() {
        let main = "main".parse().expect("an id");
        let mut run = Run::default();
        for number in 0..4_095 {
            run.push(&row(&format!("sku-{number:04}"), number), &main);
        }
        assert!(!run.is_full());
        run.push(&row("sku-9999", 1), &main);
        assert!(run.is_full());
        assert_eq!(handed_over(&mut run).len(), 1);
    }

    #[test]
    fn what_few_rows_say_comes_in_a_list_of_its_own() {
        let main = "main".parse().expect("an id");
        let mut run = Run::default();
        run.push(&row("a", 1), &main);
        let mut full = row("b\"c", 2);
        full.title = Some("B, the second".into());
        full.reason = Some("one, two".into());
        full.safety_stock = Some(3);
        run.push(&full, &main);
        let [batch] = handed_over(&mut run).try_into().expect("one batch");
        assert_eq!(
            batch.rows_json,
            r#"[["a","main",1],["b\"c","main",2,"B, the second"]]"#
        );
        assert_eq!(
            batch.more_json,
            r#"[[1,null,null,null,null,null,"one, two",null,null,null,null,null,3]]"#
        );
    }
}
