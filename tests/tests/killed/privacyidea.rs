//! Push tokens and containers of privacyIDEA, whose server is [`crate::recorded`].

use std::fs;
use std::path::Path;

use countersign_authenticator::approvals::DeviceDescription;
use countersign_authenticator::keys::RsaKeySize;
use countersign_authenticator::offer::{EnrolmentOffer, Offer};
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Platform;
use countersign_authenticator::{Authenticator, SyncOptions};

use crate::operations::{Link, Operation, authenticator, create, open, operation, runtime};

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("enrol with privacyIDEA", create, |folder| {
        let (authenticator, link) = (authenticator(open(folder)), link(folder));
        Box::new(move || {
            let Ok(Offer::Enrolment(EnrolmentOffer::PrivacyIdea(mut offer))) = Offer::parse(&link) else {
                panic!("an enrolment")
            };
            offer.key_size = Some(RsaKeySize::Bits2048);
            let device = DeviceDescription { name: "phone".into(), platform: Platform::Other, wake_up: None };
            runtime().block_on(authenticator.enrol(&EnrolmentOffer::PrivacyIdea(offer), device)).unwrap();
        })
    })
    .with(Link::PushToken),
    operation("register for a container", create, |folder| {
        let (authenticator, link) = (authenticator(open(folder)), link(folder));
        Box::new(move || {
            // Once the server has confirmed it, there is nothing to scan again.
            let known = authenticator.containers().unwrap().containers;
            let known = known.iter().find(|container| container.is_registered).map(|container| container.id);
            synchronise(&authenticator, known.unwrap_or_else(|| register(&authenticator, &link)));
        })
    })
    .with(Link::Container),
    operation("synchronise a container", create_with_container, |folder| {
        let authenticator = authenticator(open(folder));
        Box::new(move || synchronise(&authenticator, container(&authenticator)))
    })
    .with(Link::Container),
    operation("give up a moved container", create_with_container, |folder| {
        let authenticator = authenticator(open(folder));
        Box::new(move || {
            let container = container(&authenticator);
            runtime().block_on(authenticator.leave_container(container)).unwrap();
        })
    })
    .with(Link::Container)
    .in_steps(),
];

/// A vault with a container of two tokens.
fn create_with_container(folder: &Path) {
    create(folder);
    let authenticator = authenticator(open(folder));
    let container = register(&authenticator, &link(folder));
    synchronise(&authenticator, container);
}

fn link(folder: &Path) -> String {
    fs::read_to_string(folder.join("link")).unwrap()
}

fn register(authenticator: &Authenticator, link: &str) -> Id {
    let Ok(Offer::Container(offer)) = Offer::parse(link) else { panic!("a container") };
    runtime().block_on(authenticator.register_container(&offer, "phone", None)).unwrap().id
}

fn synchronise(authenticator: &Authenticator, container: Id) {
    runtime().block_on(authenticator.synchronise_container(container, SyncOptions::default())).unwrap();
}

fn container(authenticator: &Authenticator) -> Id {
    authenticator.containers().unwrap().containers[0].id
}

/// How many accounts came with each container. One of which none came is a registration under way: the same code, scanned
/// again, takes it up.
pub(crate) fn view(authenticator: &Authenticator) -> Vec<usize> {
    let listing = authenticator.containers().unwrap();
    assert!(listing.damaged.is_empty());
    listing.containers.iter().map(|container| container.accounts.len()).filter(|count| *count > 0).collect()
}
