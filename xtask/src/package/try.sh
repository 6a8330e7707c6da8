#!/usr/bin/env bash
# Installs the packages, starts the service as its unit does, and removes everything again: on a copy of this machine's files
# that only this process sees and that vanishes with it. Needs root, in a mount namespace: unshare --mount try.sh FOLDER PORT
set -euo pipefail
packages=$1 port=$2
data=/var/lib/countersign-server
unit=/usr/lib/systemd/system/countersign-server.service

if [ -z "${IN_COPY:-}" ]; then
    copy=$(mktemp -d)
    mount -t tmpfs tmpfs "$copy"
    trap 'umount -R -l "$copy"; rmdir "$copy"' EXIT
    mkdir "$copy"/{above,work,root,packages}
    cp "$packages"/*.deb "$copy/packages"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$copy/above,workdir=$copy/work" "$copy/root"
    mount --rbind /proc "$copy/root/proc"
    mount --rbind /dev "$copy/root/dev"
    mkdir "$copy/root/try"
    cp "$0" "$copy"/packages/*.deb "$copy/root/try"
    IN_COPY=yes chroot "$copy/root" bash "/try/$(basename "$0")" /try "$port"
    exit
fi

fail() { echo "failed: $1" >&2; exit 1; }
dpkg --install "$packages"/*.deb
countersign --version
id countersign

systemd-analyze verify "$unit"
# From 0, nothing of the machine within reach, to 100.
systemd-analyze security --offline=yes --threshold=20 "$unit" | tail -n 1

# What the unit runs, as the user and in the folder that systemd would give it.
start=$(sed -n 's/^ExecStart=//p' "$unit")
install --directory --owner=countersign --group=countersign --mode=700 "$data"
STATE_DIRECTORY=$data setpriv --reuid=countersign --regid=countersign --clear-groups --no-new-privs --bounding-set=-all \
    $start --listen "127.0.0.1:$port" >/try/log 2>&1 &
service=$!
for _ in $(seq 600); do
    countersign-server health --listen "127.0.0.1:$port" 2>/dev/null && break
    kill -0 "$service" || { cat /try/log; fail "the service ended"; }
    sleep 0.1
done
countersign-server health --listen "127.0.0.1:$port" || fail "the service never got ready"
[ "$(stat --format=%U:%a "$data/master.key")" = countersign:600 ] || fail "the master key is not the service's alone"
kill "$service"
wait "$service" || fail "the service did not stop cleanly"

echo '# changed by an administrator' >>/etc/countersign-server/config.toml
dpkg --install "$packages"/countersign-server_*.deb
grep --quiet 'changed by an administrator' /etc/countersign-server/config.toml || fail "an update replaced the settings"
dpkg --purge countersign countersign-server
[ -s "$data/countersign.db" ] && [ -s "$data/master.key" ] || fail "removing the package deleted people's accounts"
echo "installed, started, updated and removed; the data stayed"
