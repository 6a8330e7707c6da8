"""Makes version-1.json and relay.json from docs/transfer.md alone, with `cryptography` and `argon2-cffi`: the second implementation."""

import base64
import hashlib
import json
import pathlib

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import hmac

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def key_of(number):
    return ec.derive_private_key(number, ec.SECP256R1())


def point(key):
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def thumbprint(key):
    def encode(coordinate):
        return base64.urlsafe_b64encode(coordinate).rstrip(b"=").decode()

    x, y = point(key)[1:33], point(key)[33:]
    canonical = '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (encode(x), encode(y))
    return hashlib.sha256(canonical.encode()).digest()


def text(data):
    return "COUNTERSIGN-MOVE:" + base64.b32encode(data).rstrip(b"=").decode()


def parts(key, kind, move, content):
    chunks = [content[at : at + 400] for at in range(0, len(content), 400)]
    for number, chunk in enumerate(chunks, 1):
        header = bytes([1, kind]) + move + number.to_bytes(2, "big") + len(chunks).to_bytes(2, "big")
        nonce = bytes(10) + number.to_bytes(2, "big")
        yield text(header + AESGCM(key).encrypt(nonce, chunk, header))


move = bytes(range(16))
new, old = key_of(0x1234567890ABCDEF << 64), key_of(0xFEDCBA0987654321 << 96)
secret = old.exchange(ec.ECDH(), new.public_key())
prk = hmac.digest(b"countersign move v1", secret, "sha256")


def derived(label, more=b""):
    info = label + move + thumbprint(new) + thumbprint(old) + more
    return HKDFExpand(hashes.SHA256(), 32, info).derive(prk)


stretched = hash_secret_raw(derived(b"check value"), move, 3, 64 * 1024, 1, 32, Type.ID, 0x13)
bits = int.from_bytes(stretched[:5], "big")
symbols = "".join(ALPHABET[bits >> 5 * at & 31] for at in range(7, -1, -1))

secrets = [bytes([n]) * 20 for n in range(10)]
lines = [
    f"otpauth://totp/Ward%20{n}:nurse?secret={base64.b32encode(s).decode()}&issuer=Ward%20{n}&algorithm=SHA1&digits=6&period=30\n"
    for n, s in enumerate(secrets)
]
lines.append(f"otpauth://hotp/Lab:ada?secret={base64.b32encode(bytes(20)).decode()}&issuer=Lab&algorithm=SHA256&digits=8&counter=41\n")
content = "".join(lines).encode()

# The new phone holds all lines but the one of index 3.
held = [n != 3 for n in range(11)]
digest = hashlib.sha256(b"countersign move receipt v1")
for n in range(11):
    if not held[n]:
        continue
    if n < 10:
        fingerprint = bytes([1, 6]) + (30).to_bytes(4, "big") + secrets[n]
        counter = 0
    else:
        fingerprint, counter = bytes([2, 8]) + bytes(4) + bytes(20), 41
    digest.update(hashlib.sha256(fingerprint).digest() + counter.to_bytes(8, "big"))
bits_of = bytes(sum(1 << at for at, bit in enumerate(held[start : start + 8]) if bit) for start in (0, 8))
receipt = digest.digest() + (11).to_bytes(4, "big") + bits_of

vector = {
    "move": move.hex(),
    "new_phone_private_key": new.private_numbers().private_value.to_bytes(32, "big").hex(),
    "old_phone_private_key": old.private_numbers().private_value.to_bytes(32, "big").hex(),
    "invitation": text(bytes([1, 1]) + move + point(new)),
    "acceptance": text(bytes([1, 2]) + move + point(old)),
    "check_value": symbols[:4] + "-" + symbols[4:],
    "content": content.decode(),
    "accounts": list(parts(derived(b"accounts"), 3, move, content)),
    "held": held,
    "receipt": list(parts(derived(b"receipt"), 4, move, receipt)),
}
path = pathlib.Path(__file__).with_name("version-1.json")
path.write_text(json.dumps(vector, indent=1) + "\n")

service, service_key = "https://approve.example/eu", hashlib.sha256(b"a service's key").digest()
named = service_key + service.encode()
name = derived(b"relay", named)
relay = {
    "service": service,
    "service_key": service_key.hex(),
    "acceptance": text(bytes([2, 2]) + move + point(old) + named),
    "mailbox_name": name.hex(),
    "mailbox": hashlib.sha256(name).hexdigest(),
}
path.with_name("relay.json").write_text(json.dumps(relay, indent=1) + "\n")
