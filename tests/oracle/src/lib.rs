//! Holds the promise algorithm against brute force, and breaks it on purpose.
//!
//! Cases are plain data ([`case`]) that both sides read. [`engine`] asks `shared` about a case;
//! [`single`] and [`cart`] hand out single units by trying, in days that are counted off one by one
//! ([`civil`]), written from domain.md 3 and from what the documentation of `shared` promises, not from
//! its code. [`book`] does the same for promises that were made before ([`queue`]).
//!
//! [`properties`] and [`promises`] say what must hold. Most of it needs no second opinion: a case is
//! changed, and the answers are compared. [`mutants`] and [`promise_mutants`] are engines with one rule
//! broken, each of which some property must notice.

pub mod answer;
pub mod book;
pub mod cart;
pub mod case;
pub mod checks;
pub mod civil;
pub mod dice;
pub mod engine;
pub mod generate;
pub mod hands;
pub mod laid;
pub mod mutants;
pub mod promise_mutants;
pub mod promises;
pub mod properties;
pub mod queue;
pub mod run;
pub mod single;
