//! One act a file. An act is a function whose first argument is what it acts on.

pub mod check_availability;
pub mod plan_cart;
