//! Where the browser may be on another machine than this program: where this program runs, what to do there, and the address that comes
//! back by hand.

pub mod advice;
pub mod location;
pub mod pasted_address;
