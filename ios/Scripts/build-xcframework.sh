#!/usr/bin/env bash
# Builds countersign_ffiFFI.xcframework and the Swift that goes with it, on a Mac with Xcode and rustup.
#   Scripts/build-xcframework.sh            for iPhones, the simulator and this Mac
#   Scripts/build-xcframework.sh macos      for only this Mac, to run the tests
set -euo pipefail
cd "$(dirname "$0")/../.."

case "$(uname -m)" in arm64) mac=aarch64-apple-darwin ;; *) mac=x86_64-apple-darwin ;; esac
if [ "${1:-all}" = macos ]; then
    targets=("$mac")
else
    targets=(aarch64-apple-ios aarch64-apple-ios-sim "$mac")
fi

export IPHONEOS_DEPLOYMENT_TARGET=17.0 MACOSX_DEPLOYMENT_TARGET=14.0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
target_folder=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

# The generated code and the library belong together: they are made in one go.
cargo xtask bindings
headers=$out/headers
mkdir "$headers"
cp ios/Sources/countersign_ffiFFI/countersign_ffiFFI.h "$headers"
printf 'module countersign_ffiFFI {\n    header "countersign_ffiFFI.h"\n    export *\n}\n' >"$headers/module.modulemap"

arguments=()
for target in "${targets[@]}"; do
    rustup target add "$target"
    cargo rustc --locked --package countersign-ffi --lib --crate-type staticlib --profile mobile --target "$target"
    arguments+=(-library "$target_folder/$target/mobile/libcountersign_ffi.a" -headers "$headers")
done

rm -rf ios/countersign_ffiFFI.xcframework
xcodebuild -create-xcframework "${arguments[@]}" -output ios/countersign_ffiFFI.xcframework
