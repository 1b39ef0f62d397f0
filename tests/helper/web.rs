//! The pages on the helper's port, and what guards them.

mod attacks;
mod redirect;
