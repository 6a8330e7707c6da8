#!/usr/bin/env python3
"""Writes this folder's files: an implementation of each format of its own, with nothing of Countersign in it.

Needs `cryptography`, `argon2-cffi`, `PyNaCl`, `pykeepass` and `pyzipper`. Salts and nonces are fixed, so that a run
changes nothing, but for the KeePass databases and the encrypted ZIP archive, which are made once.
"""

import base64, hashlib, hmac, io, json, pathlib, sqlite3, struct, urllib.parse, xml.sax.saxutils, zipfile
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
    text = "\n".join(uri(*a) + "&codeDisplay=" + urllib.parse.quote('{"pinned":false}') for a in ACCOUNTS)
    # Until November 2025 the app pushed two messages and kept the first, which has the tag of any message.
    for name, tag in (("ente-encrypted.json", bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL),
                      ("ente-encrypted-before-2025-11.json", bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)):
        state = bindings.crypto_secretstream_xchacha20poly1305_state()
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
        if (HERE / name).exists():
            continue  # libsodium chooses the header
        sealed = bindings.crypto_secretstream_xchacha20poly1305_push(state, text.encode(), None, tag)
        write(name, {"version": 1, "kdfParams": {"memLimit": 65536 * 1024, "opsLimit": 2, "salt": b64(salt)},
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


def newer():
    old = [{"name": iss, "secret": b32(s), "updatedAt": 1, "type": "Unknown", "order": {"position": i},
            "otp": {"account": n, "issuer": iss, "label": f"{iss}:{n}"}} for i, (iss, n, _, s, *_) in enumerate(ACCOUNTS[:1])]
    write("2fas-v1.2fas", {"appOrigin": "android", "appVersionCode": 300101, "appVersionName": "3.1.1", "schemaVersion": 1,
                           "services": old, "updatedAt": 1})
    kinds = {"totp": "totp", "hotp": "hotp", "steam": "steamtotp"}
    write("2fauth.json", {"app": "2fauth_v5.4.1", "schema": 1, "datetime": "2026-01-01T00:00:00Z", "data": [
        {"otp_type": kinds[k], "account": n, "service": iss, "icon": None, "icon_mime": None, "icon_file": None,
         "secret": base64.b32encode(s).decode(), "digits": d, "algorithm": al.lower(), "period": None if k == "hotp" else m,
         "counter": m if k == "hotp" else None, "legacy_uri": ""} for iss, n, k, s, al, d, m in ACCOUNTS]})
    write("lastpass-ios.json", {"version": 3, "folders": [], "accounts": [
        {"issuerName": iss, "originalIssuerName": iss, "userName": n, "originalUserName": n, "secret": b32(s), "timeStep": m,
         "digits": d, "algorithm": al} for iss, n, _, s, al, d, m in TOTP]})
    write("bitwarden-old.json", {"folders": [], "items": [
        {"id": "1", "type": 1, "name": "Northern Hospitals", "deletedDate": None,
         "login": {"username": "ada@north.example", "totp": b32(ACCOUNTS[0][3])}},
        {"id": "2", "type": 1, "name": "Bank", "deletedDate": "2021-02-03T04:05:06.789Z",
         "login": {"username": "ada", "totp": uri(*ACCOUNTS[1])}}]})
    accounts = [{"accountHeaderLabel": "", "base": 16, "digits": str(d), "issuer": iss, "key": s.hex().upper(), "name": n,
                 "period": str(m)} for iss, n, k, s, al, d, m in ACCOUNTS[:1]]
    accounts.append({**accounts[0], "base": 32, "digits": "7", "period": "60", "issuer": "Unknown", "key": b32(ACCOUNTS[2][3])})
    plain = json.dumps({json.dumps(accounts): ""}).encode()
    for name, password in (("totp-authenticator.encrypt", b"TotpAuthenticator"), ("totp-authenticator-encrypted.encrypt", PASSWORD)):
        write(name, b64(cbc(hashlib.sha256(password).digest(), bytes(16), plain)))
    esc = lambda v: xml.sax.saxutils.escape(json.dumps(v), {'"': "&quot;"})
    write("totp-authenticator.xml", "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<map>\n    <int name=\"N\" value=\"1\" />\n"
          f'    <string name="STATIC_TOTP_CODES_LIST">{esc(accounts)}</string>\n</map>\n')
    rows = "".join(f"<tr>\n    <td>{xml.sax.saxutils.escape(a[0])}</td>\n    <td>{a[1]}</td>\n    <td><code>{uri(*a)}</code></td>\n"
                   '    <td><img src="data:image/png;base64,iVBORw0KGgo="></td>\n</tr>\n' for a in TOTP)
    write("stratum.html", "<!DOCTYPE html>\n<html>\n<head><title>Stratum</title></head>\n<body><table>\n" + rows + "</table></body>\n</html>\n")
    item = lambda a, state: {"itemId": a[0], "state": state, "data": {"metadata": {"name": a[0], "note": ""}, "type": "login",
           "content": {"itemEmail": "", "itemUsername": a[1], "password": "p", "totpUri": uri(*a)}}}
    plain = {"version": "1.30.0", "userId": "u", "encrypted": False, "vaults": {"v": {"name": "Personal", "items": [
        item(TOTP[0], 1), item(TOTP[1], 2), {"itemId": "n", "state": 1, "data": {"metadata": {"name": "note"}, "type": "note", "content": {}}}]}}}
    write("proton-pass.json", plain)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("Proton Pass/data.json", json.dumps(plain)), ("Proton Pass/icon.png", b"\x89PNG\r\n"),
                              ("__MACOSX/._data.json", "{}")):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    write("proton-pass.zip", made.getvalue())


def once():
    """What other programs' libraries encrypt with random bytes."""
    import pyzipper
    from pykeepass import create_database
    raivo = (HERE / "raivo.json").read_bytes()
    for name, encryption in (("raivo-aes.zip", pyzipper.WZ_AES),):
        if not (HERE / name).exists():
            with pyzipper.AESZipFile(HERE / name, "w", compression=pyzipper.ZIP_DEFLATED, encryption=encryption) as archive:
                archive.setpassword(PASSWORD)
                archive.writestr("raivo-otp-export.json", raivo)
    kdbx_by_pykeepass(create_database)
    xml_text = keepass_xml()
    for name, options in (("keepass-3.kdbx", dict(version=3, cipher="aes", kdf="aes", stream="salsa20", gzip=True)),
                          ("keepass-4-chacha20.kdbx", dict(version=4, cipher="chacha20", kdf="argon2id", stream="chacha20", gzip=False)),
                          ("keepass-4-aes-kdf.kdbx", dict(version=4, cipher="aes", kdf="aes", stream="chacha20", gzip=True))):
        write(name, kdbx(xml_text, **options))


def kdbx_by_pykeepass(create_database):
    """A database of another implementation, which has all ways in which an entry keeps its codes."""
    if (HERE / "keepass-4.kdbx").exists():
        return
    database = create_database(HERE / "keepass-4.kdbx", password=PASSWORD.decode())
    bin_ = database.add_group(database.root_group, "Recycle Bin")
    database._xpath("//Meta/RecycleBinUUID", first=True).text = base64.b64encode(bin_.uuid.bytes).decode()
    work = database.add_group(database.root_group, "Work")
    def add(group, issuer, name, **properties):
        entry = database.add_entry(group, issuer, name, "p\u00e4ss")
        for field, value in properties.items():
            entry._set_string_field(field.replace("__", "-").replace("_", " "), value, protected=True)
        return entry
    hospital, bank, _, steam = ACCOUNTS
    link = lambda secret: "otpauth://totp/x?secret=" + b32(secret)
    add(database.root_group, hospital[0], hospital[1], otp=uri(*hospital))
    add(work, bank[0], bank[1], **{"TimeOtp__Secret__Base32": b32(bank[3]), "TimeOtp__Period": "60", "TimeOtp__Length": "8",
                                   "TimeOtp__Algorithm": "HMAC-SHA-256"})
    add(work, "Counter", "ada", **{"HmacOtp__Secret__Hex": bytes(range(200, 216)).hex(), "HmacOtp__Counter": "42"})
    add(work, steam[0], steam[1], TOTP_Seed=b32(steam[3]), TOTP_Settings="30;S")
    add(work, "KeeOtp", "ada", otp=f"key={b32(bank[3])}&size=8&step=60&otpHashMode=SHA256")
    add(work, "No codes", "ada")
    entry = add(work, "Edited", "ada", otp=link(bytes(range(30, 50))))
    entry.save_history()
    entry.otp = link(bytes(range(60, 80)))
    add(bin_, "Old", "ada", otp=link(bytes(range(90, 110))))
    database.save()


def keepass_xml():
    """The document, with `{{text}}` where a protected value belongs."""
    string = lambda key, value, protected=False: f"<String><Key>{key}</Key>" + (
        f'<Value Protected="True">{{{{{value}}}}}</Value>' if protected else f"<Value>{xml.sax.saxutils.escape(value)}</Value>") + "</String>"
    entry = lambda a: ("<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAA==</UUID>" + string("Title", a[0]) + string("UserName", a[1])
                       + string("Password", "p&ss", True) + string("otp", uri(*a), True) + "</Entry>")
    return ("<?xml version='1.0' encoding='utf-8'?><KeePassFile><Meta><RecycleBinUUID>AAAAAAAAAAAAAAAAAAAAAA==</RecycleBinUUID></Meta>"
            "<Root><Group><UUID>AQEBAQEBAQEBAQEBAQEBAQ==</UUID><Name>Root</Name>" + "".join(map(entry, TOTP)) + "</Group></Root></KeePassFile>")


def kdbx(document, version, cipher, kdf, stream, gzip):
    """KDBX 3.1 and 4 as keepass.info describes them."""
    import gzip as gz, re
    from Cryptodome.Cipher import AES, ChaCha20, Salsa20
    sha256, sha512 = (lambda b: hashlib.sha256(b).digest()), (lambda b: hashlib.sha512(b).digest())
    label = f"kdbx {version} {cipher} {kdf} {stream}"
    seed, salt, iv, stream_key, start = (fixed(f"{label} {i}", n) for i, n in enumerate((32, 32, 12 if cipher == "chacha20" else 16, 32, 32)))
    composite = sha256(sha256(PASSWORD))
    if kdf == "aes":
        ecb, block = AES.new(salt, AES.MODE_ECB), composite
        for _ in range(1000):
            block = ecb.encrypt(block)
        transformed = sha256(block)
    else:
        transformed = hash_secret_raw(composite, salt, 2, 1024, 2, 32, Type.ID)
    key = sha256(seed + transformed)
    if stream == "salsa20":
        inner = Salsa20.new(key=sha256(stream_key), nonce=bytes.fromhex("e830094b97205d2a"))
    else:
        inner = ChaCha20.new(key=sha512(stream_key)[:32], nonce=sha512(stream_key)[32:44])
    content = re.sub(r"\{\{(.*?)\}\}", lambda m: b64(inner.encrypt(m[1].encode())), document).encode()
    u32, u64 = struct.Struct("<I").pack, struct.Struct("<Q").pack
    stream_id = u32(2 if stream == "salsa20" else 3)
    cipher_id = bytes.fromhex("31c1f2e6bf714350be5805216afc5aff" if cipher == "aes" else "d6038a2b8b6f4cb5a524339a31dbb59a")
    def seal(data):
        if cipher == "chacha20":
            return ChaCha20.new(key=key, nonce=iv).encrypt(data)
        return cbc(key, iv, data)
    magic = bytes.fromhex("03d9a29a67fb4bb5")
    if version == 3:
        field = lambda i, v: bytes([i]) + struct.pack("<H", len(v)) + v
        header = magic + struct.pack("<HH", 1, 3) + field(2, cipher_id) + field(3, u32(int(gzip))) + field(4, seed) + field(5, salt)
        header += field(6, u64(1000)) + field(7, iv) + field(8, stream_key) + field(9, start) + field(10, stream_id) + field(0, b"\r\n\r\n")
        data = gz.compress(content, mtime=0) if gzip else content
        blocks = u32(0) + sha256(data) + u32(len(data)) + data + u32(1) + bytes(32) + u32(0)
        return header + seal(start + blocks)
    field = lambda i, v: bytes([i]) + u32(len(v)) + v
    value = lambda kind, name, v: bytes([kind]) + u32(len(name)) + name + u32(len(v)) + v
    uuid = bytes.fromhex("c9d9f39a628a4460bf740d08c18a4fea" if kdf == "aes" else "9e298b1956db4773b23dfc3ec6f0a1e6")
    parameters = struct.pack("<H", 0x100) + value(0x42, b"$UUID", uuid) + value(0x42, b"S", salt)
    if kdf == "aes":
        parameters += value(5, b"R", u64(1000))
    else:
        parameters += value(5, b"M", u64(1024 * 1024)) + value(5, b"I", u64(2)) + value(4, b"P", u32(2)) + value(4, b"V", u32(0x13))
    header = magic + struct.pack("<HH", 0, 4) + field(2, cipher_id) + field(3, u32(int(gzip))) + field(4, seed) + field(7, iv)
    header += field(11, parameters + b"\0") + field(0, b"\r\n\r\n")
    body = field(1, stream_id) + field(2, stream_key) + field(0, b"") + content
    sealed = seal(gz.compress(body, mtime=0) if gzip else body)
    base = sha512(seed + transformed + b"\x01")
    mac = lambda i, data: hmac.digest(sha512(u64(i) + base), data, "sha256")
    out = header + sha256(header) + mac(2**64 - 1, header)
    for i, block in enumerate((sealed, b"")):
        out += mac(i, u64(i) + u32(len(block)) + block) + u32(len(block)) + block
    return out


for make in (links, aegis, two_fas, ente, bitwarden, proton, stratum, freeotp, andotp, others, newer, once):
    make()
