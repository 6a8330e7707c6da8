//! Approvals: enrolling a device with an approval service and answering its challenges.

mod binding;

pub use binding::{Binding, BindingState};
