//! Requests that are sent, and sent again, and what the model learns from them.

use server::operations::adjust_stock::adjust_stock;
use server::operations::cancel_order::{CancelOrder, cancel_order};
use server::operations::once::{Answer, Asked, Once, Outcome, Ticket};
use server::operations::place_order::{PlaceOrder, place_order};
use server::operations::receive_purchase_order::receive_purchase_order;
use server::operations::refund::refund;
use server::operations::reserve::reserve;
use server::operations::ship::ship;
use shared::ids::{OrderId, Sku};
use shared::quantity::Quantity;

use crate::acts::{Acted, Request, Sent};
use crate::model::{AWAITED, Hold, Line};
use crate::world::{World, refusal};

impl World {
    pub(crate) fn once<T: std::fmt::Debug>(&self, key: &str, fingerprint: [u8; 32]) -> Once<T> {
        let asked = Asked {
            ticket: Ticket {
                store: self.store.clone(),
                route: "POST /test".into(),
                key: key.into(),
            },
            fingerprint,
        };
        let answer = |outcome: &T| Answer {
            status: 200,
            body: format!("{outcome:?}").into_bytes(),
        };
        Once::claim(&self.app, asked, answer).expect("one step after the other")
    }

    /// Sends a request for the first time.
    pub(crate) async fn send(&mut self, request: Request) -> Acted {
        let key = self.name("key-");
        let mut fingerprint = [0; 32];
        fingerprint[..4].copy_from_slice(&self.names.to_le_bytes());
        let at = self.app.clock.now();
        let mut sent = Sent {
            request,
            key,
            fingerprint,
            at,
            answer: None,
        };
        let (acted, answer) = self.resend(&sent).await;
        sent.answer = answer;
        self.sent.push(sent);
        acted
    }

    pub(crate) async fn resend(&mut self, sent: &Sent) -> (Acted, Option<Vec<u8>>) {
        let (app, store) = (self.app.clone(), self.store.clone());
        let (key, print) = (&sent.key, sent.fingerprint);
        let (name, about, ended) = match sent.request.clone() {
            Request::Place(it) => {
                let ended =
                    place_order(&app, &store, PlaceOrder::clone(&it), self.once(key, print)).await;
                let ended = ended.map(|ended| {
                    ended.known(|_| {
                        let line = |(sku, units): &(Sku, Quantity)| Line {
                            sku: sku.to_string(),
                            ordered: units.units().into(),
                            shipped: 0,
                            cancelled: 0,
                        };
                        self.model
                            .orders
                            .insert(it.id.to_string(), it.lines.iter().map(line).collect());
                        if let Some(hold) = it
                            .reservation
                            .as_ref()
                            .and_then(|hold| self.model.holds.get_mut(hold.as_str()))
                        {
                            hold.expires_at = hold.expires_at.min(app.clock.now());
                        }
                    })
                });
                ("place", Some(it.id), ended)
            }
            Request::Reserve(it) => {
                let ended = reserve(&app, &store, it.clone(), self.once(key, print)).await;
                let ended = ended.map(|ended| {
                    ended.known(|_| {
                        let lines = it
                            .lines
                            .iter()
                            .map(|(sku, units)| (sku.to_string(), units.units().into()))
                            .collect();
                        let expires_at = app.clock.now() + it.hold;
                        self.model.holds.insert(
                            it.id.to_string(),
                            Hold {
                                lines,
                                expires_at,
                                renewals: 0,
                            },
                        );
                    })
                });
                ("reserve", None, ended)
            }
            Request::Cancel(order, it) => {
                let ended = cancel_order(
                    &app,
                    &store,
                    order.clone(),
                    it.clone(),
                    self.once(key, print),
                )
                .await;
                let ended = ended.map(|ended| ended.known(|_| self.cancelled(&order, &it)));
                ("cancel", Some(order), ended)
            }
            Request::Ship(it) => {
                let ended = ship(&app, &store, it.clone(), self.once(key, print)).await;
                let mut about = None;
                let ended = ended.map(|ended| {
                    ended.known(|left| {
                        about = Some(left.order.clone());
                        for line in &left.lines {
                            let units = i64::from(line.quantity.units());
                            let known = self
                                .model
                                .orders
                                .get_mut(left.order.as_str())
                                .expect("an order");
                            known[line.line as usize].shipped += units;
                            self.model.take(line.sku.as_str(), units);
                        }
                    })
                });
                ("ship", about, ended)
            }
            Request::Receive(order, it) => {
                let ended = receive_purchase_order(
                    &app,
                    &store,
                    order.clone(),
                    it.clone(),
                    self.once(key, print),
                )
                .await;
                let ended = ended.map(|ended| {
                    ended.known(|received| {
                        let units = i64::from(it.lines[0].1.units());
                        let note = (order.to_string(), it.receipt.clone(), units);
                        let is_new = !self.model.receipts.contains(&note);
                        assert_eq!(
                            received.recorded, is_new,
                            "I10: a delivery note is recorded once"
                        );
                        if is_new {
                            *self.model.on_hand.get_mut(AWAITED).expect("a shelf") += units;
                            let coming =
                                self.model.coming.get_mut(order.as_str()).expect("an order");
                            *coming = (*coming - units).max(0);
                            self.model.receipts.push(note);
                        }
                    })
                });
                ("receive", None, ended)
            }
            Request::Adjust(it) => {
                let ended = adjust_stock(&app, &store, it.clone(), self.once(key, print)).await;
                let ended = ended.map(|ended| {
                    ended.known(|_| {
                        for line in &it.lines {
                            *self
                                .model
                                .on_hand
                                .get_mut(line.sku.as_str())
                                .expect("a shelf") += line.change;
                        }
                    })
                });
                ("adjust", None, ended)
            }
            Request::Refund(order, it) => {
                let ended = refund(&app, &store, order.clone(), it, self.once(key, print)).await;
                (
                    "refund",
                    Some(order),
                    ended.map(|ended| ended.known(|_| {})),
                )
            }
        };
        let mut acted = Acted::new(name);
        acted.is_harmless = sent.request.is_harmless();
        acted.about = about;
        let mut answer = None;
        match ended {
            Ok(Ended::Now(told)) => answer = Some(told),
            Ok(Ended::Before(answer)) => {
                acted.changes_nothing = true;
                assert_eq!(
                    Some(&answer.body),
                    sent.answer.as_ref(),
                    "I21: the answer is the first one"
                );
            }
            Err(error) => {
                acted.changes_nothing = true;
                acted.refused = Some(refusal(&error));
            }
        }
        (acted, answer)
    }

    /// Of a line, the units that would leave last are cancelled first: how many is all that is known here.
    fn cancelled(&mut self, order: &OrderId, request: &CancelOrder) {
        let lines = self.model.orders.get_mut(order.as_str()).expect("an order");
        if request.lines.is_empty() {
            for line in lines.iter_mut() {
                line.cancelled += line.open();
            }
        }
        for (at, units) in &request.lines {
            let line = &mut lines[*at as usize];
            line.cancelled += units.map_or(line.open(), |units| units.units().into());
        }
    }
}

/// How a request ended.
enum Ended {
    Now(Vec<u8>),
    Before(Answer),
}

trait Known<T> {
    /// Learns from what was done now.
    fn known(self, learn: impl FnOnce(&T)) -> Ended;
}

impl<T: std::fmt::Debug> Known<T> for Outcome<T> {
    fn known(self, learn: impl FnOnce(&T)) -> Ended {
        match self {
            Self::Done(done) => {
                learn(&done);
                Ended::Now(format!("{done:?}").into_bytes())
            }
            Self::Before(answer) => Ended::Before(answer),
        }
    }
}
