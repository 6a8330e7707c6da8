//! Another device in this one's place at the approval service. The folder's vault is the old device.

use std::fs;
use std::path::Path;

use countersign_authenticator::approvals::{DeviceDescription, MatchProof};
use countersign_authenticator::offer::Offer;
use countersign_authenticator::protocol::Id;
use countersign_authenticator::protocol::messages::Platform;
use countersign_authenticator::{Authenticator, Replacement, ReplacementStep};
use countersign_tests::Page;

use crate::moving::other_phone;
use crate::operations::{Link, Operation, authenticator, create, open, operation, runtime};

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("begin a replacement", create_active, |folder| {
        let old = authenticator(open(folder));
        Box::new(move || drop(replace(&old)))
    })
    .with(Link::Enrolment),
    operation("end as the replaced device", create_replaced, |folder| {
        let old = authenticator(open(folder));
        Box::new(move || {
            runtime().block_on(async {
                let replacement = old.resume_replacement(account(&old)).await.unwrap().unwrap();
                let step = old.replacement_step(&replacement).await.unwrap();
                assert_eq!(step, ReplacementStep::Done);
            });
        })
    })
    .with(Link::Enrolment)
    .in_steps(),
];

/// An active device, by the enrolment link and the page's address in the folder.
fn create_active(folder: &Path) {
    create(folder);
    let text = fs::read_to_string(folder.join("link")).unwrap();
    let (link, page) = text.split_once('\n').unwrap();
    let phone = authenticator(open(folder));
    enrol(&phone, link);
    let number = runtime().block_on(async { Page::open(page).await.unwrap().number().unwrap() });
    activate(&phone, &number);
}

/// The same, and another device that has taken its place since.
fn create_replaced(folder: &Path) {
    create_active(folder);
    let (old, (new, _folder)) = (authenticator(open(folder)), other_phone(folder, create));
    let replacement = replace(&old);
    enrol(&new, &replacement.link.expose_text());
    let step = runtime().block_on(old.replacement_step(&replacement)).unwrap();
    let ReplacementStep::Activating { number: Some(number), .. } = step else { panic!("{step:?}") };
    activate(&new, &number);
}

fn enrol(phone: &Authenticator, link: &str) {
    let Offer::Enrolment(offer) = Offer::parse(link).unwrap() else { panic!("an enrolment link") };
    let device = DeviceDescription { name: "Ada's phone".into(), platform: Platform::Other, wake_up: None };
    runtime().block_on(phone.enrol(&offer, device)).unwrap();
}

fn activate(phone: &Authenticator, number: &str) {
    runtime().block_on(async {
        let request = phone.fetch(account(phone), std::time::Duration::ZERO).await.unwrap().remove(0);
        phone.approve(request.id, MatchProof::Number(number.to_owned())).await.unwrap();
        phone.fetch(account(phone), std::time::Duration::ZERO).await.unwrap();
    });
}

fn replace(phone: &Authenticator) -> Replacement {
    runtime().block_on(phone.replace_device(account(phone))).unwrap()
}

fn account(phone: &Authenticator) -> Id {
    phone.accounts().unwrap().accounts[0].id
}
