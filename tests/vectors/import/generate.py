#!/usr/bin/env python3
"""Writes this folder's files: an implementation of each format of its own, with nothing of Countersign in it.

Needs `cryptography`, `argon2-cffi` and `PyNaCl`. Salts and nonces are fixed, so that a run changes nothing.
"""

import base64, hashlib, hmac, json, pathlib, sqlite3, struct, urllib.parse, xml.sax.saxutils
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from nacl import bindings

HERE = pathlib.Path(__file__).parent
PASSWORD = b"correct horse battery"
# issuer, name, type, secret, algorithm, digits, period or counter
ACCOUNTS = [
    ("Northern Hospitals", "ada@north.example", "totp", bytes(range(20)), "SHA1", 6, 30),
    ("Bank", "ada", "totp", bytes(range(20, 52)), "SHA256", 8, 60),
    ("Lab: door", "ward 7", "hotp", bytes(range(200, 216)), "SHA512", 7, 42),
    ("Steam", "ada", "steam", b"steam secret of 20 B", "SHA1", 5, 30),
]
TOTP = [a for a in ACCOUNTS if a[2] == "totp"]

b32 = lambda b: base64.b32encode(b).decode().rstrip("=")
b64 = lambda b: base64.b64encode(b).decode()
fixed = lambda label, n: hashlib.shake_128(label.encode()).digest(n)
gcm = lambda key, nonce, text, aad=None: AESGCM(key).encrypt(nonce, text, aad)
argon = lambda salt, m, t, p: hash_secret_raw(PASSWORD, salt, t, m, p, 32, Type.ID)


def write(name, content):
    if not isinstance(content, (bytes, str)):
        content = json.dumps(content, indent=1) + "\n"
    (HERE / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def cbc(key, iv, text):
    pad = padding.PKCS7(128).padder()
    enc = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return enc.update(pad.update(text) + pad.finalize()) + enc.finalize()


def uri(issuer, name, kind, secret, algo, digits, moving):
    q = urllib.parse.quote
    last = "counter" if kind == "hotp" else "period"
    return (f"otpauth://{kind}/{q(issuer, '')}:{q(name, '')}?secret={b32(secret)}&issuer={q(issuer, '')}"
            f"&algorithm={algo}&digits={digits}&{last}={moving}")


def links():
    write("links.txt", "# exported\n\n" + "\n".join(uri(*a) for a in ACCOUNTS) + "\n")
    write("links-with-bad-lines.txt", uri(*ACCOUNTS[0]) + "\notpauth://totp/broken?secret=0189\nsome words\n")


def aegis():
    entries = [{"type": k, "uuid": f"0{i}", "name": n, "issuer": iss, "note": "", "icon": None,
                "info": {"secret": b32(s), "algo": al, "digits": d, ("counter" if k == "hotp" else "period"): m}}
               for i, (iss, n, k, s, al, d, m) in enumerate(ACCOUNTS)]
    db = {"version": 2, "entries": entries}
    write("aegis.json", {"version": 1, "header": {"slots": None, "params": None}, "db": db})
    master, salt = fixed("aegis master", 32), fixed("aegis salt", 32)
    kek = hashlib.scrypt(PASSWORD, salt=salt, n=2**15, r=8, p=1, maxmem=64 << 20, dklen=32)
    n1, n2 = fixed("aegis n1", 12), fixed("aegis n2", 12)
    wrapped, sealed = gcm(kek, n1, master), gcm(master, n2, json.dumps(db).encode())
    biometric = {"type": 2, "uuid": "b", "key": "00" * 32, "key_params": {"nonce": "00" * 12, "tag": "00" * 16}}
    slot = {"type": 1, "uuid": "p", "key": wrapped[:-16].hex(), "n": 2**15, "r": 8, "p": 1, "salt": salt.hex(),
            "key_params": {"nonce": n1.hex(), "tag": wrapped[-16:].hex()}, "repaired": True}
    params = {"nonce": n2.hex(), "tag": sealed[-16:].hex()}
    write("aegis-encrypted.json", {"version": 1, "header": {"slots": [biometric, slot], "params": params},
                                   "db": b64(sealed[:-16])})


def two_fas():
    def service(i, iss, n, k, s, al, d, m):
        otp = {"link": "", "label": n, "account": n, "issuer": iss, "digits": d, "algorithm": al,
               "tokenType": k.upper(), "source": "Link"}
        otp["counter" if k == "hotp" else "period"] = m
        return {"name": iss, "secret": b32(s), "updatedAt": 1, "otp": otp, "order": {"position": i}}
    services = [service(i, *a) for i, a in enumerate(ACCOUNTS)]
    top = {"groups": [], "updatedAt": 1, "appVersionCode": 5000009, "appOrigin": "android"}
    for version in (3, 4):
        write(f"2fas-v{version}.2fas", {"services": services, "schemaVersion": version, **top})
    old = [{**s, "otp": {k: v for k, v in s["otp"].items() if k not in ("tokenType", "link")}}
           for s, a in zip(services, ACCOUNTS) if a[2] == "totp"]
    write("2fas-v2.2fas", {"services": old, "schemaVersion": 2, **top})
    salt, nonce = fixed("2fas salt", 256), fixed("2fas nonce", 12)
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD, salt, 10_000, 32)
    sealed = ":".join(map(b64, (gcm(key, nonce, json.dumps(services).encode()), salt, nonce)))
    write("2fas-v4-encrypted.2fas", {"services": [], "servicesEncrypted": sealed, "reference": "", "schemaVersion": 4, **top})


def ente():
    salt = fixed("ente salt", 16)
    key = argon(salt, 65536, 2, 1)
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    text = "\n".join(uri(*a) + "&codeDisplay=" + urllib.parse.quote('{"pinned":false}') for a in ACCOUNTS)
    final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
    sealed = bindings.crypto_secretstream_xchacha20poly1305_push(state, text.encode(), None, final)
    write("ente-encrypted.json", {"version": 1, "kdfParams": {"memLimit": 65536 * 1024, "opsLimit": 2, "salt": b64(salt)},
                                  "encryptedData": b64(sealed), "encryptionNonce": b64(header)})


def bitwarden():
    items = [{"id": str(i), "type": 1, "name": a[0], "login": {"username": a[1], "password": "p",
              "totp": "steam://" + b32(a[3]) if a[2] == "steam" else uri(*a)}} for i, a in enumerate(ACCOUNTS)]
    items += [{"id": "n", "type": 2, "name": "a note", "secureNote": {"type": 0}},
              {"id": "w", "type": 1, "name": "without codes", "login": {"username": "ada", "totp": None}},
              {"id": "b", "type": 1, "name": "Bare", "login": {"username": "ada", "totp": "jbsw y3dp ehpk 3pxp"}}]
    plain = {"encrypted": False, "folders": [], "items": items}
    write("bitwarden.json", plain)
    rows = ["folder,favorite,type,name,notes,fields,login_uri,login_username,login_password,login_totp"]
    rows += [f',,login,"{i["name"]}","two\nlines",,,{i["login"]["username"]},p,{i["login"]["totp"] or ""}'
             for i in items if i["type"] == 1]
    write("bitwarden.csv", "\n".join(rows) + "\n")
    rows = ['"Group","Title","Username","Password","URL","Notes","TOTP","Icon"']
    rows += [f'"Root","{a[0]}","{a[1]}","p","","","{uri(*a)}","0"' for a in TOTP]
    write("keepassxc.csv", "\n".join(rows) + "\n")
    salt = b64(fixed("bitwarden salt", 16))
    for name, key, kdf in (
        ("pbkdf2", hashlib.pbkdf2_hmac("sha256", PASSWORD, salt.encode(), 100_000, 32), {"kdfType": 0, "kdfIterations": 100_000}),
        ("argon2id", argon(hashlib.sha256(salt.encode()).digest(), 65536, 3, 4),
         {"kdfType": 1, "kdfIterations": 3, "kdfMemory": 64, "kdfParallelism": 4}),
    ):
        enc, mac = (HKDFExpand(hashes.SHA256(), 32, info).derive(key) for info in (b"enc", b"mac"))
        def seal(text):
            iv = fixed("bitwarden iv" + text[:20], 16)
            data = cbc(enc, iv, text.encode())
            return "2." + "|".join(map(b64, (iv, data, hmac.digest(mac, iv + data, "sha256"))))
        write(f"bitwarden-{name}.json", {"encrypted": True, "passwordProtected": True, "salt": salt, **kdf,
              "encKeyValidation_DO_NOT_EDIT": seal("0e1f"), "data": seal(json.dumps(plain))})
    write("bitwarden-bound.json", {"encrypted": True, "encKeyValidation_DO_NOT_EDIT": "2.a|b|c", "items": []})


def proton():
    entries = [{"id": str(i), "content": {"uri": "steam://" + b32(a[3]) if a[2] == "steam" else uri(*a),
                "entry_type": "Totp", "name": a[1]}, "note": None} for i, a in enumerate(ACCOUNTS) if a[2] != "hotp"]
    plain = {"version": 1, "entries": entries}
    write("proton.json", plain)
    salt, nonce = fixed("proton salt", 16), fixed("proton nonce", 12)
    sealed = nonce + gcm(argon(salt, 19 * 1024, 2, 1), nonce, json.dumps(plain).encode(), b"proton.authenticator.export.v1")
    write("proton-encrypted.json", {"version": 1, "salt": b64(salt), "content": b64(sealed)})


def stratum():
    kinds, algos = {"hotp": 1, "totp": 2, "steam": 4}, {"SHA1": 0, "SHA256": 1, "SHA512": 2}
    items = [{"Type": kinds[k], "Icon": None, "Issuer": iss, "Username": n, "Secret": b32(s), "Pin": None,
              "Algorithm": algos[al], "Digits": d, "Period": 30 if k == "hotp" else m,
              "Counter": m if k == "hotp" else 0, "CopyCount": 0, "Ranking": i}
             for i, (iss, n, k, s, al, d, m) in enumerate(ACCOUNTS)]
    yandex = {**items[0], "Type": 5, "Issuer": "Yandex"}
    write("stratum.json", {"Authenticators": items + [yandex], "Categories": [], "AuthenticatorCategories": [], "CustomIcons": []})
    plain = json.dumps({"Authenticators": items}).encode()
    salt, nonce = fixed("stratum salt", 16), fixed("stratum nonce", 12)
    write("stratum-encrypted.stratum", b"AUTHENTICATORPRO" + salt + nonce + gcm(argon(salt, 65536, 3, 4), nonce, plain))
    salt, iv = fixed("stratum legacy salt", 20), fixed("stratum iv", 16)
    key = hashlib.pbkdf2_hmac("sha1", PASSWORD, salt, 64_000, 32)
    write("stratum-legacy.authpro", b"AuthenticatorPro" + salt + iv + cbc(key, iv, plain))


def freeotp():
    signed = lambda b: [x - 256 if x > 127 else x for x in b]
    tokens = [{"algo": al, "counter": m if k == "hotp" else 0, "digits": d, "issuerExt": iss, "issuerInt": iss, "label": n,
               "period": 30 if k == "hotp" else m, "secret": signed(s), "type": "HOTP" if k == "hotp" else "TOTP"}
              for iss, n, k, s, al, d, m in ACCOUNTS]
    order = [f'{t["issuerExt"]}:{t["label"]}' for t in tokens]
    write("freeotp-plus.json", {"tokenOrder": order, "tokens": tokens})
    esc = lambda v: xml.sax.saxutils.escape(json.dumps(v), {'"': "&quot;"})
    texts = "".join(f'    <string name="{o}">{esc(t)}</string>\n' for o, t in zip(order, tokens))
    write("freeotp.xml", f"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<map>\n{texts}"
                         f'    <string name="tokenOrder">{esc(order)}</string>\n</map>\n')
    master, salt = fixed("freeotp master", 32), fixed("freeotp salt", 32)
    def key(wrap, data, token):
        nonce = fixed("freeotp nonce" + repr(data), 12)
        return {"mCipher": "AES/GCM/NoPadding", "mCipherText": signed(gcm(wrap, nonce, data, token.encode())),
                "mParameters": signed(b"\x30\x11\x04\x0c" + nonce + b"\x02\x01\x10"), "mToken": token}
    kek = hashlib.pbkdf2_hmac("sha512", PASSWORD, salt, 100_000, 32)
    entries = {"masterKey": json.dumps({"mAlgorithm": "PBKDF2withHmacSHA512", "mIterations": 100_000,
                                        "mEncryptedKey": key(kek, master, "AES"), "mSalt": signed(salt)})}
    for i, (t, a) in enumerate(zip(tokens, ACCOUNTS)):
        entries[f"id{i}"] = json.dumps({"key": json.dumps(key(master, a[3], "HmacSHA1"))})
        entries[f"id{i}-token"] = json.dumps({k: v for k, v in t.items() if k != "secret"})
    utf = lambda s: struct.pack(">H", len(s.encode())) + s.encode()
    out = b"\xac\xed\x00\x05\x73\x72" + utf("java.util.HashMap") + struct.pack(">q", 362498820763181265) + b"\x03"
    out += struct.pack(">H", 2) + b"F" + utf("loadFactor") + b"I" + utf("threshold") + b"\x78\x70"
    out += struct.pack(">fi", 0.75, 12) + b"\x77\x08" + struct.pack(">ii", 16, len(entries))
    out += b"".join(b"\x74" + utf(k) + b"\x74" + utf(v) for k, v in entries.items()) + b"\x78"
    write("freeotp-2-backup.xml", out)


def andotp():
    items = [{"secret": b32(s), "issuer": iss, "label": n, "digits": d, "type": k.upper(), "algorithm": al, "thumbnail": "Default",
              "last_used": 0, "used_frequency": 0, ("counter" if k == "hotp" else "period"): m, "tags": []}
             for iss, n, k, s, al, d, m in ACCOUNTS]
    write("andotp.json", items)
    plain = json.dumps(items).encode()
    salt, nonce = fixed("andotp salt", 12), fixed("andotp nonce", 12)
    key = hashlib.pbkdf2_hmac("sha1", PASSWORD, salt, 150_000, 32)
    write("andotp-encrypted.bin", struct.pack(">i", 150_000) + salt + nonce + gcm(key, nonce, plain))
    write("andotp-old.bin", nonce + gcm(hashlib.sha256(PASSWORD).digest(), nonce, plain))


def others():
    write("raivo.json", [{"pinned": "false", "secret": b32(s), "iconValue": "", "iconType": "", "kind": k.upper(),
          "timer": "0" if k == "hotp" else str(m), "counter": str(m) if k == "hotp" else "0", "algorithm": al,
          "digits": str(d), "issuer": iss, "account": n} for iss, n, k, s, al, d, m in ACCOUNTS if k != "steam"])
    write("lastpass.json", {"deviceId": "", "deviceSecret": "", "localDeviceId": "", "deviceName": "phone", "version": 3,
          "folders": [], "accounts": [{"accountID": str(i), "issuerName": iss, "originalIssuerName": iss, "userName": n,
          "originalUserName": n, "pushNotification": False, "secret": b32(s), "timeStep": m, "digits": d, "algorithm": al,
          "creationTimestamp": 0, "isFavorite": False} for i, (iss, n, k, s, al, d, m) in enumerate(TOTP)]})
    write("duo.json", [{"version": 1.0, "accountType": "OtpAccount", "name": "ada", "otpGenerator": {"otpSecret": b32(ACCOUNTS[0][3])}},
          {"version": 1.0, "accountType": "OtpAccount", "name": "door", "otpGenerator": {"otpSecret": b32(ACCOUNTS[2][3]), "counter": 3}},
          {"version": 1.0, "accountType": "DuoAccount", "name": "Duo's own"}])
    head = "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<map>\n"
    esc = lambda v: xml.sax.saxutils.escape(json.dumps(v), {'"': "&quot;"})
    token = lambda **more: {"accountType": "authenticator", "digits": 6, "originalIssuer": ACCOUNTS[0][0],
                            "originalName": f"{ACCOUNTS[0][0]}:{ACCOUNTS[0][1]}", "name": f"{ACCOUNTS[0][0]}: {ACCOUNTS[0][1]}", **more}
    text = lambda name, tokens: f'    <string name="com.authy.storage.tokens.{name}.key">{esc(tokens)}</string>\n'
    write("authy.xml", head + text("authenticator", [token(decryptedSecret=b32(ACCOUNTS[0][3]))])
          + text("authy", [{"name": "Authy's own", "digits": 7, "secretSeed": bytes(range(16)).hex()}]) + "</map>\n")
    key = hashlib.pbkdf2_hmac("sha1", PASSWORD, b"a salt as text", 1000, 32)
    sealed = b64(cbc(key, bytes(16), b32(ACCOUNTS[0][3]).encode()))
    write("authy-encrypted.xml", head + text("authenticator", [token(encryptedSecret=sealed, salt="a salt as text")]) + "</map>\n")
    path = HERE / "microsoft.sqlite"
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE accounts (_id INTEGER PRIMARY KEY, name TEXT, username TEXT, oath_secret_key TEXT, account_type INTEGER)")
    db.executemany("INSERT INTO accounts (name, username, oath_secret_key, account_type) VALUES (?, ?, ?, ?)", [
        (ACCOUNTS[0][0], ACCOUNTS[0][1], b32(ACCOUNTS[0][3]), 0), ("Microsoft", "ada@example.org", b64(bytes(range(20))), 1),
        ("Work", "ada@work.example", "", 2), ("Sealed", "ada", None, 0)])
    db.commit()
    db.close()


for make in (links, aegis, two_fas, ente, bitwarden, proton, stratum, freeotp, andotp, others):
    make()
