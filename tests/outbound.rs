//! Servers that we call, and the networks on the way to them.

mod faulty_peers;
mod networks;
