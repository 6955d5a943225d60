#!/usr/bin/env bash
# Takes the pictures of the workbook: the first sheet and the review sheet of the demo's own evidence, as they print.
#
# Not part of `cargo test`: it needs Debian's libreoffice-calc, poppler-utils and pngquant, and for letters as wide as
# Excel's and for every script that the demo's people use, fonts-crosextra-carlito, fonts-droid-fallback and
# fonts-symbola. What it leaves is to be looked at.
#
#     cargo build && tests/pictures/review.sh [target/debug/fbsync]
set -euo pipefail
cd "$(dirname "$0")/../.."
fbsync=$(realpath "${1:-target/debug/fbsync}")
pictures=$PWD/fixtures/pictures
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Noon of a day at a quarter's end, so that the pictures differ from the last ones in what changed alone.
export FBSYNC_TEST_CLOCK=1782820800
"$fbsync" demo --dir demo >demo.txt 2>&1
"$fbsync" export --db demo/audit.sqlite --format xlsx --own-domain harbourlight.example --out evidence --quiet

# A profile of its own: an office that is already open would take the job and print nothing.
soffice "-env:UserInstallation=file://$folder/office" --headless --convert-to pdf --outdir . evidence/review.xlsx >office.txt 2>&1

take() { # a picture's name, the page, how much of it to show: left, top, width and height at 150 dots an inch
    pdftoppm -png -r 150 -f "$2" -l "$2" -x "$3" -y "$4" -W "$5" -H "$6" -singlefile review.pdf "$1"
    pngquant --force --strip --speed 1 --output "$pictures/$1.png" 32 "$1.png"
}

take summary 1 20 20 1200 1310
take review 2 30 25 1690 600
ls -l "$pictures"/*.png
