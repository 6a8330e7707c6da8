"""Drives the relying-party interface by a client that was generated from its description.

Every reply is parsed by the generated code into the type that the description promises; a value that it doesn't know
raises. Lines on standard output ask the test's phone for what only a phone can do.
"""

import sys

from generated import AuthenticatedClient, Client
from generated.api.audit import list_audit
from generated.api.codes import verify_code
from generated.api.devices import list_devices, revoke_device
from generated.api.enrolments import cancel_enrolment, create_enrolment, read_enrolment
from generated.api.service import assertion_keys, health, liveness, readiness
from generated.api.sign_ins import cancel_sign_in, create_sign_in, read_sign_in, submit_code
from generated.api.users import lock_push, read_user, unlock_user
from generated.models import (
    CodeRequest,
    DeviceState,
    EnrolmentState,
    ErrorBody,
    Method,
    NewEnrolment,
    Push,
    Show,
    SignInRequest,
    SignInState,
    VerifyRequest,
)
from generated.types import UNSET

base_url, api_key = sys.argv[1:]
rp = AuthenticatedClient(base_url=base_url, token=api_key, raise_on_unexpected_status=True)


def ask_phone(*what):
    """Has the test's phone do something, and gives its reply."""
    print(*what, flush=True)
    return sys.stdin.readline().strip()


def refused(response, status, code):
    assert response.status_code == status, response
    assert response.headers["content-type"] == "application/problem+json", response.headers
    assert isinstance(response.parsed, ErrorBody), response
    assert (response.parsed.status, response.parsed.error.code) == (status, code), response.parsed
    assert response.parsed.title and response.parsed.error.message
    return response.parsed.error


def service():
    client = Client(base_url=base_url, raise_on_unexpected_status=True)
    for check in (liveness, readiness, health):
        assert check.sync(client=client).status == "ok"
    key = assertion_keys.sync(client=client).keys[0]
    assert (key.kty, key.crv, key.use, key.alg) == ("EC", "P-256", "sig", "ES256")
    stranger = AuthenticatedClient(base_url=base_url, token="wrong")
    refused(list_audit.sync_detailed(client=stranger), 401, "unauthorised")


def enrol():
    enrolment = create_enrolment.sync(client=rp, body=NewEnrolment(user="ada", show=Show.RELYING_PARTY))
    assert enrolment.state is EnrolmentState.PENDING and enrolment.device is UNSET
    ask_phone("enrol", enrolment.link)
    waiting = read_enrolment.sync(enrolment.id, client=rp)
    assert waiting.state is EnrolmentState.AWAITING_ACTIVATION and waiting.check_value
    ask_phone("approve", waiting.number)
    done = read_enrolment.sync(enrolment.id, client=rp, wait=1)
    assert done.state is EnrolmentState.ACTIVE
    refused(cancel_enrolment.sync_detailed(enrolment.id, client=rp), 409, "ended")
    other = create_enrolment.sync(client=rp, body=NewEnrolment(user="eve", display_name="Eve"))
    assert cancel_enrolment.sync_detailed(other.id, client=rp).status_code == 204
    assert read_enrolment.sync(other.id, client=rp).state is EnrolmentState.CANCELLED
    error = refused(create_enrolment.sync_detailed(client=rp, body=NewEnrolment(user="e\u200bve")), 422, "invalid")
    assert (error.field, error.reason) == ("user", "name_invisible_character")
    refused(read_enrolment.sync_detailed("nothing", client=rp), 404, "not_found")


def sign_in():
    new = SignInRequest(user="ada", application="Ward portal", place="Leeds", ip="192.0.2.7", show=Show.RELYING_PARTY)
    started = create_sign_in.sync(client=rp, body=new)
    assert (started.state, started.push, started.devices) == (SignInState.PENDING, Push.ASKED, 1)
    ask_phone("approve", started.number)
    approved = read_sign_in.sync(started.id, client=rp, wait=30)
    assert (approved.state, approved.method) == (SignInState.APPROVED, Method.PUSH) and approved.assertion
    refused(cancel_sign_in.sync_detailed(started.id, client=rp), 409, "ended")
    for what, state in (("deny", SignInState.DENIED), ("report", SignInState.REPORTED)):
        turned_down = create_sign_in.sync(client=rp, body=new)
        ask_phone(what)
        assert read_sign_in.sync(turned_down.id, client=rp, wait=30).state is state
    withdrawn = create_sign_in.sync(client=rp, body=new)
    assert cancel_sign_in.sync_detailed(withdrawn.id, client=rp).status_code == 204
    assert read_sign_in.sync(withdrawn.id, client=rp).state is SignInState.CANCELLED


def codes():
    started = create_sign_in.sync(client=rp, body=SignInRequest(user="ada", application="Ward portal"))
    code = ask_phone("code")
    refused(submit_code.sync_detailed(started.id, client=rp, body=CodeRequest(code="x")), 422, "invalid")
    by_code = submit_code.sync(started.id, client=rp, body=CodeRequest(code=code))
    assert (by_code.state, by_code.method) == (SignInState.APPROVED, Method.CODE)
    again = verify_code.sync(client=rp, body=VerifyRequest(user="ada", code=code))
    assert again.valid is False and again.device is UNSET


def accounts():
    assert lock_push.sync_detailed("ada", client=rp).status_code == 204
    account = read_user.sync("ada", client=rp)
    assert account.push is Push.LOCKED and account.push_locked_at
    locked = create_sign_in.sync(client=rp, body=SignInRequest(user="ada", application="Ward portal"))
    assert (locked.push, locked.devices) == (Push.LOCKED, 0)
    assert unlock_user.sync_detailed("ada", client=rp).status_code == 204
    assert read_user.sync("ada", client=rp).push is Push.ASKED
    device = list_devices.sync(client=rp, user="ada").devices[0]
    assert device.state is DeviceState.ACTIVE and device.activated_at
    assert revoke_device.sync_detailed(device.id, client=rp).status_code == 204
    assert list_devices.sync(client=rp, user="ada").devices[0].state is DeviceState.REVOKED
    refused(revoke_device.sync_detailed(device.id, client=rp), 409, "ended")
    entries = list_audit.sync(client=rp, limit=1000).entries
    assert entries[0].id < entries[-1].id and entries[-1].event == "device.revoke"
    assert [entry.id for entry in list_audit.sync(client=rp, after=entries[-2].id).entries] == [entries[-1].id]


for part in (service, enrol, sign_in, codes, accounts):
    part()
print("done", flush=True)
