#!/usr/bin/env bash
# install.sh FOLDER VERSION
#
# Installs Keycloak VERSION from Maven Central into FOLDER, builds the authenticator of integrations/keycloak, and has
# Keycloak take it in (its own build step, most of a minute). Prints the folder of the Keycloak that has it. What is
# there already is used again: the build step is done once for each jar.
#
# Exit codes: 0 it is there, 75 Maven Central, Maven or a JDK can't be had, anything else is a failure.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 FOLDER VERSION" >&2; exit 2; }
mkdir -p "$1"
FOLDER=$(cd "$1" && pwd)
VERSION=$2
SOURCE=$(cd "$(dirname "$0")/../../integrations/keycloak" && pwd)
JAR=$SOURCE/target/countersign-keycloak.jar
say() { echo "Keycloak: $*" >&2; }

command -v mvn >/dev/null && command -v java >/dev/null || { say "Maven and a JDK (17 or later) are needed"; exit 75; }
quiet=(--batch-mode --quiet --no-transfer-progress -Dstyle.color=never)

# One at a time, where there is a tool for that: the jar is one for all versions.
if command -v flock >/dev/null; then
  exec 8>"$(dirname "$FOLDER")/keycloak.lock"
  flock 8
fi

if [ ! -x "$FOLDER/distribution/bin/kc.sh" ]; then
  say "fetching $VERSION (once, 180 MB)"
  rm -rf "$FOLDER/archive" "$FOLDER/unpacked"
  mvn "${quiet[@]}" org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy -DoutputDirectory="$FOLDER/archive" \
    -Dartifact="org.keycloak:keycloak-quarkus-dist:$VERSION:tar.gz" >&2 || exit 75
  mkdir "$FOLDER/unpacked"
  tar -xzf "$FOLDER/archive/keycloak-quarkus-dist-$VERSION.tar.gz" -C "$FOLDER/unpacked"
  rm -rf "$FOLDER/archive" "$FOLDER/distribution"
  mv "$FOLDER/unpacked/keycloak-$VERSION" "$FOLDER/distribution"
  rmdir "$FOLDER/unpacked"
fi

if [ ! -e "$JAR" ] || [ -n "$(find "$SOURCE/src" "$SOURCE/pom.xml" -newer "$JAR" -print -quit)" ]; then
  # Files that don't change would be older than what they were made of for ever.
  rm -f "$JAR"
  (cd "$SOURCE" && mvn "${quiet[@]}" package) >&2
fi

BUILT=$FOLDER/with-$(sha256sum "$JAR" | cut -c1-16)
if [ ! -d "$BUILT" ]; then
  say "building $VERSION with the authenticator (once for each jar, most of a minute)"
  # Those of earlier jars go once nothing uses them any more.
  find "$FOLDER" -maxdepth 1 -name 'with-*' -mmin +1440 -exec rm -rf {} +
  rm -rf "$FOLDER/building"
  # Libraries are shared, what the build step writes isn't.
  cp -al "$FOLDER/distribution" "$FOLDER/building" 2>/dev/null || cp -a "$FOLDER/distribution" "$FOLDER/building"
  rm -rf "$FOLDER/building/lib/quarkus"
  cp -a "$FOLDER/distribution/lib/quarkus" "$FOLDER/building/lib/quarkus"
  cp "$JAR" "$FOLDER/building/providers/"
  JAVA_OPTS_KC_HEAP="-Xms64m -Xmx512m" "$FOLDER/building/bin/kc.sh" build --db=dev-mem --health-enabled=true \
    >"$FOLDER/build.log" 2>&1 || { tail -n 20 "$FOLDER/build.log" >&2; exit 1; }
  mv "$FOLDER/building" "$BUILT"
fi
echo "$BUILT"
