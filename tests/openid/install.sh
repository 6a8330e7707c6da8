#!/usr/bin/env bash
# install.sh FOLDER PART
#
# Installs a relying party that the tests sign in to: apache (with mod_auth_openidc, from Debian), oauth2-proxy (from the Go
# module proxy, into FOLDER/bin) or openid-client (from npm, into FOLDER/node_modules). What is there is used again.
#
# Exit codes: 0 it is there, 75 it can't be had on this machine, anything else is a failure.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 FOLDER PART" >&2; exit 2; }
mkdir -p "$1"
FOLDER=$(cd "$1" && pwd)
OAUTH2_PROXY=v7.15.6
OPENID_CLIENT=6.9.0
say() { echo "openid: $*" >&2; }

# One at a time, where there is a tool for that.
if command -v flock >/dev/null; then exec 9>"$FOLDER/lock"; flock 9; fi

case $2 in
apache)
  module=/usr/lib/apache2/modules/mod_auth_openidc.so
  if [ ! -x /usr/sbin/apache2 ] || [ ! -e $module ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 75
    say "installing Apache and mod_auth_openidc"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 || exit 75
    apt-get install -y -qq --no-install-recommends apache2 libapache2-mod-auth-openidc >&2 || exit 75
  fi
  ;;
oauth2-proxy)
  if [ ! -e "$FOLDER/oauth2-proxy-$OAUTH2_PROXY" ]; then
    command -v go >/dev/null || exit 75
    say "building oauth2-proxy $OAUTH2_PROXY (once, some minutes)"
    GOBIN="$FOLDER/bin" GOFLAGS=-mod=mod go install "github.com/oauth2-proxy/oauth2-proxy/v7@$OAUTH2_PROXY" >&2 || exit 75
    touch "$FOLDER/oauth2-proxy-$OAUTH2_PROXY"
  fi
  ;;
openid-client)
  if [ ! -e "$FOLDER/openid-client-$OPENID_CLIENT" ]; then
    command -v node >/dev/null && command -v npm >/dev/null || exit 75
    say "installing openid-client $OPENID_CLIENT"
    npm install --silent --no-audit --no-fund --prefix "$FOLDER" "openid-client@$OPENID_CLIENT" >&2 || exit 75
    touch "$FOLDER/openid-client-$OPENID_CLIENT"
  fi
  ;;
*)
  echo "there is no part $2" >&2
  exit 2
  ;;
esac
