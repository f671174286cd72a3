//! Holds the promise algorithm against brute force, and breaks it on purpose.
//!
//! Cases are plain data ([`case`]) that both sides read. [`engine`] asks `shared` about a case;
//! [`single`] and [`cart`] hand out single units by trying, in days that are counted off one by one
//! ([`civil`]), written from domain.md 3 and from what the documentation of `shared` promises, not from
//! its code. [`properties`] needs no second opinion: it changes a case and compares the answers, and
//! [`mutants`] are engines with one rule broken, each of which some property must notice.

pub mod answer;
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
pub mod properties;
pub mod run;
pub mod single;
