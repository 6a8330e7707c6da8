#!/usr/bin/env bash
# install.sh FOLDER
#
# Installs privacyIDEA from PyPI into FOLDER/venv and makes FOLDER/state: keys, an empty database, an administrator, and
# the users alice and bob. A test copies the state, so that each begins anew. What is there already is used again.
#
# Exit codes: 0 it is there, 75 PyPI (or a Python for it) can't be reached, anything else is a failure.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
FOLDER=$(cd "$1" && pwd)
VERSION=3.14
export PYTHONWARNINGS=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
say() { echo "privacyIDEA: $*" >&2; }

# One at a time, where there is a tool for that.
if command -v flock >/dev/null; then exec 9>"$FOLDER/lock"; flock 9; fi

if [ ! -e "$FOLDER/venv/installed-$VERSION" ]; then
  say "installing $VERSION into $FOLDER (once, about a minute)"
  rm -rf "$FOLDER/venv" "$FOLDER/download"
  python=$(command -v python3.11 || command -v python3) || exit 75
  "$python" -m venv "$FOLDER/venv" || exit 75
  "$FOLDER/venv/bin/pip" download -q --no-deps -d "$FOLDER/download" "privacyidea==$VERSION" || exit 75
  # The wheel brings its own list of what it needs, with hashes.
  "$FOLDER/venv/bin/python" - "$FOLDER/download" <<'PY'
import glob, sys, zipfile
folder = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(folder + "/privacyidea-*.whl")[0])
name = next(n for n in wheel.namelist() if n.endswith("data/lib/privacyidea/requirements.txt"))
open(folder + "/requirements.txt", "wb").write(wheel.read(name))
PY
  "$FOLDER/venv/bin/pip" install -q --no-cache-dir -r "$FOLDER/download/requirements.txt" || exit 75
  "$FOLDER/venv/bin/pip" install -q --no-cache-dir --no-deps "$FOLDER"/download/privacyidea-*.whl
  # Its web pages are more than half of it, and no test looks at them.
  rm -rf "$FOLDER/download" "$FOLDER"/venv/lib/python3*/site-packages/privacyidea/static
  touch "$FOLDER/venv/installed-$VERSION"
fi

if [ ! -e "$FOLDER/state/made" ]; then
  say "making its database"
  rm -rf "$FOLDER/state"
  mkdir -p "$FOLDER/state"
  random() { "$FOLDER/venv/bin/python" -c "import secrets; print(secrets.token_hex(32))"; }
  cat > "$FOLDER/state/pi.cfg" <<CFG
import logging, os
HERE = os.path.dirname(os.environ["PRIVACYIDEA_CONFIGFILE"])
SUPERUSER_REALM = ["super"]
SQLALCHEMY_DATABASE_URI = "sqlite:///" + HERE + "/pi.sqlite"
SECRET_KEY = "$(random)"
PI_PEPPER = "$(random)"
PI_ENCFILE = HERE + "/enckey"
PI_AUDIT_KEY_PRIVATE = HERE + "/private.pem"
PI_AUDIT_KEY_PUBLIC = HERE + "/public.pem"
PI_LOGFILE = HERE + "/pi.log"
PI_LOGLEVEL = logging.WARNING
PI_UUID_FILE = HERE + "/uuid.txt"
CFG
  "$FOLDER/venv/bin/python" - "$FOLDER/users" "$FOLDER/state/import.json" "$VERSION" <<'PY'
import json, sys
from passlib.hash import sha512_crypt
users, target, version = sys.argv[1:]
with open(users, "w") as f:
    for number, (name, given) in enumerate([("alice", "Alice"), ("bob", "Bob")], 1001):
        password = sha512_crypt.using(rounds=5000).hash(name + "pw")
        f.write(f"{name}:{password}:{number}:{number}:{given} Example,,,,{name}@example.org:/home/{name}:/bin/false\n")
json.dump({
    "privacyIDEA_version": version,
    "config": {},
    "resolver": {"users": {"type": "passwdresolver", "resolvername": "users", "data": {"fileName": users}}},
    "realm": {"test": {"default": True,
                       "resolver": [{"name": "users", "type": "passwdresolver", "priority": None, "node": ""}]}},
}, open(target, "w"))
PY
  manage() {
    PRIVACYIDEA_CONFIGFILE="$FOLDER/state/pi.cfg" "$FOLDER/venv/bin/pi-manage" "$@" >>"$FOLDER/setup.log" 2>&1 ||
      { tail -n 20 "$FOLDER/setup.log" >&2; exit 1; }
  }
  manage setup create_enckey
  manage setup create_audit_keys
  manage setup create_tables
  manage admin add admin -p adminpw
  manage config import -i "$FOLDER/state/import.json"
  touch "$FOLDER/state/made"
fi
