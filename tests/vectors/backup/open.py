#!/usr/bin/env python3
"""Decrypts a backup as docs/backup.md describes it: open.py FILE PASSWORD. Shares no code with Countersign."""

import struct, sys
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER, CHUNK = 50, 65_536


def file_key(header, password):
    magic, version, memory, passes, lanes, salt, file_salt = struct.unpack(">8sBIIB16s16s", header)
    assert magic == b"CSGNBKUP" and version == 1, "not a backup of version 1"
    key = hash_secret_raw(password, salt, passes, memory, lanes, 32, Type.ID)
    return AESGCM(HKDF(hashes.SHA256(), 32, file_salt, b"countersign backup v1").derive(key))


def nonce(index, last):
    return struct.pack(">7xIB", index, last)


def unseal(content, password):
    header, body = content[:HEADER], content[HEADER:]
    chunks = [body[at:at + CHUNK + 16] for at in range(0, len(body), CHUNK + 16)]
    key = file_key(header, password)
    return b"".join(key.decrypt(nonce(i, i + 1 == len(chunks)), chunk, header) for i, chunk in enumerate(chunks))


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        sys.stdout.buffer.write(unseal(file.read(), sys.argv[2].encode()))
