#!/usr/bin/env python3
"""Makes `version-1.csgnbackup` beside it, of two chunks, with fixed salts. Its password is `correct horse battery`."""

import base64, json, pathlib, struct
from open import CHUNK, file_key, nonce

entries = [{"type": "totp", "name": f"user {n}", "issuer": "Example", "info": {
    "secret": base64.b32encode(b"secret %04d" % n).decode().rstrip("="), "algo": "SHA1", "digits": 6, "period": 30}}
    for n in range(600)]
text = json.dumps({"version": 1, "header": {"slots": None, "params": None}, "db": {"version": 2, "entries": entries}}).encode()
header = struct.pack(">8sBIIB16s16s", b"CSGNBKUP", 1, 65_536, 3, 1, bytes(range(16)), bytes(range(16, 32)))
key = file_key(header, b"correct horse battery")
chunks = [text[at:at + CHUNK] for at in range(0, len(text), CHUNK)]
sealed = header + b"".join(key.encrypt(nonce(i, i + 1 == len(chunks)), c, header) for i, c in enumerate(chunks))
(pathlib.Path(__file__).parent / "version-1.csgnbackup").write_bytes(sealed)
