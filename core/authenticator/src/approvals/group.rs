//! Requests that look alike, as one row: a storm is shown once and turned down once.

use countersign_protocol::Id;

use super::ApprovalRequest;

/// Requests of one account for the same application and from the same origin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestGroup {
    /// The one that came last.
    pub newest: ApprovalRequest,
    /// Those before it, newest first. Each has a number of its own, so each is approved by itself.
    pub older: Vec<ApprovalRequest>,
}

impl RequestGroup {
    /// How many requests there are, at least one.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.older.len().saturating_add(1)
    }

    /// The requests, newest first: what [`crate::Authenticator::turn_down`] takes.
    #[must_use]
    pub fn ids(&self) -> Vec<Id> {
        std::iter::once(&self.newest).chain(&self.older).map(|request| request.id).collect()
    }
}

/// Groups requests that are in order, oldest first. Groups are in the order of their oldest requests.
#[must_use]
pub fn group(requests: Vec<ApprovalRequest>) -> Vec<RequestGroup> {
    let mut groups: Vec<RequestGroup> = Vec::new();
    for request in requests {
        match groups.iter_mut().find(|group| is_alike(&group.newest, &request)) {
            Some(group) => group.older.insert(0, std::mem::replace(&mut group.newest, request)),
            None => groups.push(RequestGroup { newest: request, older: Vec::new() }),
        }
    }
    groups
}

/// The program isn't part of it: it is what an attacker changes for nothing.
fn is_alike(one: &ApprovalRequest, other: &ApprovalRequest) -> bool {
    one.account == other.account
        && one.purpose == other.purpose
        && one.application == other.application
        && one.place == other.place
        && one.ip == other.ip
        && one.message == other.message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::testing::World;

    fn request(number: u8) -> ApprovalRequest {
        let world = World::make();
        let mut request = world.open(&world.challenge()).request(Id::from_bytes([1; 16]), "North Trust");
        request.id = Id::from_bytes([number; 16]);
        request
    }

    #[test]
    fn requests_that_look_alike_are_one_row_with_the_newest_in_front() {
        let mut other_program = request(3);
        other_program.client = Some("curl".into());
        let [group] = group(vec![request(1), request(2), other_program]).try_into().unwrap();
        assert_eq!(group.count(), 3);
        assert_eq!(group.ids(), [3, 2, 1].map(|number| Id::from_bytes([number; 16])));
    }

    #[test]
    fn another_account_application_or_origin_is_another_row() {
        let mut requests: Vec<_> = (1..=5).map(request).collect();
        requests[1].account = Id::from_bytes([2; 16]);
        requests[2].application = "Payroll".into();
        requests[3].ip = Some("198.51.100.1".into());
        requests[4].place = None;
        let groups = group(requests);
        assert_eq!(groups.len(), 5);
        assert!(groups.iter().all(|group| group.count() == 1));
    }
}
