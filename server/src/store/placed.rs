//! New reservations and orders, any number with a few statements. They are written when the change is committed, or
//! before with [`Writing::write_so_far`].

use shared::ids::Sku;
use shared::money::Currency;

use super::Writing;
use super::engine::{json_rows, query};
use super::orders::Order;
use super::promise_basis::PromiseBasis;
use super::promises::{NEVER_MS, PromisedPart, Reservation, plan_name};
use super::skus::json_list;
use crate::webhooks::happened::Happened;

/// The cause of a date that is told to who asked for it.
pub const RESERVED: &str = "reserved";

/// A part that is promised for the first time.
pub struct Promised<'a> {
    /// The change that promises it.
    pub revision: u64,
    /// The part.
    pub part: &'a PromisedPart,
    /// What its date rests on.
    pub basis: &'a PromiseBasis,
}

impl Writing {
    /// Writes reservations down.
    pub fn add_reservations<'a>(&mut self, made: impl IntoIterator<Item = &'a Reservation>) {
        let rows = made.into_iter().map(|made| {
            let expires_at = made.expires_at.map(|end| end.timestamp_millis());
            (
                made.id.as_str(),
                plan_name(made.plan),
                made.created_at.timestamp_millis(),
                expires_at.unwrap_or(NEVER_MS),
                made.revision,
            )
        });
        let rows: Vec<_> = rows.collect();
        let add = query(
            "
            INSERT INTO reservation
                 ( store_id
                 , reservation
                 , plan
                 , created_at_ms
                 , expires_at_ms
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , CAST(value ->> 2 AS BIGINT)
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows));
        self.at_the_end.push(add);
    }

    /// Writes new orders down. What each is promised is a reservation of the same name.
    pub fn add_orders<'a>(&mut self, orders: impl IntoIterator<Item = &'a Order> + Clone) {
        let rows = orders.clone().into_iter().map(|order| {
            let customer = &order.customer;
            (
                order.id.as_str(),
                order.placed_at.timestamp_millis(),
                &customer.email,
                &customer.name,
                &customer.language,
                &customer.country,
                order.delays.stored(),
                &order.token,
                order.currency.as_ref().map(Currency::code),
                order.revision,
            )
        });
        let rows: Vec<_> = rows.collect();
        let add = query(
            "
            INSERT INTO sales_order
                 ( store_id
                 , sales_order
                 , placed_at_ms
                 , email
                 , customer
                 , language
                 , country
                 , delays
                 , token
                 , currency
                 , revision
                 )
            SELECT $1
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , value ->> 2
                 , value ->> 3
                 , value ->> 4
                 , value ->> 5
                 , value ->> 6
                 , value ->> 7
                 , value ->> 8
                 , CAST(value ->> 9 AS BIGINT)
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows));
        self.at_the_end.push(add);
        for order in orders.clone() {
            let lines = order.lines.iter();
            self.happened(|| Happened::Placed {
                order: order.id.clone(),
                at: order.placed_at,
                lines: lines
                    .map(|line| (line.sku.clone(), line.quantity))
                    .collect(),
            });
        }
        self.add_order_lines(orders);
    }

    fn add_order_lines<'a>(&mut self, orders: impl IntoIterator<Item = &'a Order>) {
        let of_order = |order: &'a Order| {
            (0_u32..).zip(&order.lines).map(|(at, line)| {
                (
                    order.id.as_str(),
                    at,
                    line.sku.as_str(),
                    line.quantity.units(),
                    line.shown.map(|day| day.to_string()),
                    line.cost.goods,
                    line.cost.discount,
                    line.cost.shipping,
                    line.cost.tax,
                )
            })
        };
        let rows: Vec<_> = orders.into_iter().flat_map(of_order).collect();
        let add = query(
            "
            INSERT INTO sales_order_line
                 ( store_id
                 , sales_order
                 , line
                 , sku
                 , quantity
                 , shown_on
                 , goods
                 , discount
                 , shipping
                 , tax
                 , shipped
                 , cancelled
                 )
            SELECT $1
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , value ->> 2
                 , CAST(value ->> 3 AS BIGINT)
                 , date(value ->> 4)
                 , CAST(value ->> 5 AS BIGINT)
                 , CAST(value ->> 6 AS BIGINT)
                 , CAST(value ->> 7 AS BIGINT)
                 , CAST(value ->> 8 AS BIGINT)
                 , 0
                 , 0
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows));
        self.at_the_end.push(add);
    }

    /// Promises parts for the first time: each stands, claims what it takes, and its date is in the ledger. Returns
    /// the SKUs that they take, each once.
    pub fn add_promises(&mut self, promised: &[Promised<'_>]) -> Vec<Sku> {
        self.add_parts(promised);
        self.add_claims(promised);
        self.add_first_dates(promised);
        let takes = promised.iter().flat_map(|one| &one.part.takes);
        let mut skus: Vec<Sku> = takes.map(|(sku, _)| sku.clone()).collect();
        skus.sort_unstable();
        skus.dedup();
        let last = promised.iter().map(|one| one.revision).max();
        let touch = self.touching_at(&skus, last.unwrap_or(self.revision));
        self.at_the_end.push(touch);
        skus
    }

    fn add_parts(&mut self, promised: &[Promised<'_>]) {
        let rows = promised.iter().map(|Promised { part, basis, .. }| {
            (
                part.reservation.as_str(),
                part.line,
                part.part,
                part.held.sku.as_str(),
                part.held.quantity.units(),
                part.held.location.as_str(),
                part.held.due.day().map(|day| day.to_string()),
                json_list(&basis.awaits.orders),
                basis.awaits.made,
            )
        });
        let rows: Vec<_> = rows.collect();
        let add = query(
            "
            INSERT INTO promised_part
                 ( store_id
                 , reservation
                 , line
                 , part
                 , sku
                 , quantity
                 , location
                 , ships_by
                 , awaits_orders
                 , awaits_made
                 )
            SELECT $1
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , CAST(value ->> 2 AS BIGINT)
                 , value ->> 3
                 , CAST(value ->> 4 AS BIGINT)
                 , value ->> 5
                 , date(value ->> 6)
                 , value ->> 7
                 , CAST(value ->> 8 AS BOOLEAN)
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows));
        self.at_the_end.push(add);
    }

    fn add_claims(&mut self, promised: &[Promised<'_>]) {
        let of_part = |one: &Promised<'_>| {
            let part = one.part;
            let (of, line, at) = (part.reservation.to_string(), part.line, part.part);
            let takes = part.takes.iter();
            let rows = takes
                .map(move |(sku, taken)| (sku.to_string(), of.clone(), line, at, taken.units()));
            rows.collect::<Vec<_>>()
        };
        let rows: Vec<_> = promised.iter().flat_map(of_part).collect();
        let add = query(
            "
            INSERT INTO claim
                 ( store_id
                 , sku
                 , reservation
                 , line
                 , part
                 , quantity
                 )
            SELECT $1
                 , value ->> 0
                 , value ->> 1
                 , CAST(value ->> 2 AS BIGINT)
                 , CAST(value ->> 3 AS BIGINT)
                 , CAST(value ->> 4 AS BIGINT)
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows));
        self.at_the_end.push(add);
    }

    fn add_first_dates(&mut self, promised: &[Promised<'_>]) {
        let rows = promised.iter().map(|one| {
            let (part, basis) = (one.part, one.basis);
            let (order, made) = basis.opened_by();
            (
                part.reservation.as_str(),
                part.line,
                part.part,
                part.held.sku.as_str(),
                part.held.quantity.units(),
                part.held.location.as_str(),
                part.held.due.day().map(|day| day.to_string()),
                basis.json.as_str(),
                one.revision,
                basis.reached,
                order,
                made,
                basis.widened_days,
            )
        });
        let rows: Vec<_> = rows.collect();
        let add = query(
            "
            INSERT INTO promise
                 ( store_id
                 , reservation
                 , line
                 , part
                 , version
                 , sku
                 , quantity
                 , location
                 , ships_by
                 , cause
                 , basis
                 , at_ms
                 , revision
                 , reached
                 , purchase_order
                 , supplier
                 , widened_days
                 )
            SELECT $1
                 , value ->> 0
                 , CAST(value ->> 1 AS BIGINT)
                 , CAST(value ->> 2 AS BIGINT)
                 , 1
                 , value ->> 3
                 , CAST(value ->> 4 AS BIGINT)
                 , value ->> 5
                 , date(value ->> 6)
                 , $3
                 , value ->> 7
                 , $4
                 , CAST(value ->> 8 AS BIGINT)
                 , CAST(value ->> 9 AS BIGINT)
                 , value ->> 10
                 , coalesce
                 ( ( SELECT ordered.supplier
                       FROM purchase_order AS ordered
                      WHERE ordered.store_id = $1
                        AND ordered.purchase_order = value ->> 10
                   )
                 , ( SELECT made.supplier
                       FROM sku AS made
                      WHERE made.store_id = $1
                        AND made.sku = value ->> 11
                   )
                 )
                 , CAST(value ->> 12 AS BIGINT)
              FROM jsonb_each($2)",
        )
        .bind(self.store.as_str())
        .bind(json_rows(&rows))
        .bind(RESERVED)
        .bind(self.at.timestamp_millis());
        self.at_the_end.push(add);
    }
}
