//! The OpenID Connect door, as browsers and clients see it.

mod browsers;
mod clients;
mod codes;
mod hints;
mod refused;
mod sign_in;
mod support;
mod wanted;
