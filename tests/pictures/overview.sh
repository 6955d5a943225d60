#!/usr/bin/env bash
# Takes the pictures of the overview page: the top of the demo's own, and its list of everybody in the dark.
#
# Not part of `cargo test`: it needs Debian's chromium and pngquant, and for every script that the demo's people use,
# fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji. What it leaves is to be looked at.
#
#     cargo build && tests/pictures/overview.sh [target/debug/fbsync]
set -euo pipefail
cd "$(dirname "$0")/../.."
fbsync=$(realpath "${1:-target/debug/fbsync}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$fbsync" demo --dir "$folder/demo" >"$folder/said" 2>&1
tests/browser/overview.py "$folder/demo/evidence/overview.html" --pictures "$folder/pictures"

take() { # a picture's name, and what it is called here
    pngquant --force --strip --speed 1 --output "fixtures/pictures/$2.png" 48 "$folder/pictures/$1.png"
}
take desk-top overview
take desk-dark-everybody overview-everybody
ls -l fixtures/pictures/overview*.png
