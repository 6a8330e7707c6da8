//! Service.

fn main() {}
