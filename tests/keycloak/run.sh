#!/usr/bin/env bash
# run.sh KEYCLOAK PORT [OPTION…]
#
# Runs the Keycloak that install.sh has made on loopback, with an empty database in memory, its administrator's password
# in KC_BOOTSTRAP_ADMIN_PASSWORD. It ends when its standard input does, so it never outlives the program that started it.
set -euo pipefail
exec 3<&0
keycloak=$1 port=$2
shift 2
# It lives for minutes: the compiler that optimises costs more than it saves, and triples the time to start.
JAVA_OPTS_KC_HEAP="-Xms64m -Xmx400m" JAVA_OPTS_APPEND="-XX:TieredStopAtLevel=1" "$keycloak/bin/kc.sh" start --optimized --cache=local --http-enabled=true \
  --http-host=127.0.0.1 --http-port="$port" --hostname="http://localhost:$port" \
  --http-management-host=127.0.0.1 --http-management-port=$((port + 1)) "$@" </dev/null &
pid=$!
trap 'kill -TERM $pid 2>/dev/null || true' EXIT
# Whichever ends first, Keycloak or the input.
(cat >/dev/null; kill -TERM $pid 2>/dev/null || true) <&3 &
exec 3<&-
wait $pid
