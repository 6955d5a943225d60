#!/usr/bin/env bash
# Takes the pictures of the workbook: the first sheet and the review sheet of the demo's own evidence, and what became
# of some more decisions, as they print.
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

# Some decisions that were carried out otherwise, or not at all, beside the demo's own that was.
python3 - <<'END'
import csv

decided = {
    "Bram Visser": ("change", "business_employee", "works on invoices only"),
    "雪 田中": ("remove", "", "left in spring"),
    "Petra Lindgren": ("remove", "", "her project is over"),
}
with open("demo/review.csv", encoding="utf-8", newline="") as sheet:
    rows = list(csv.DictReader(sheet))
with open("later.csv", "w", encoding="utf-8", newline="") as sheet:
    later = csv.DictWriter(sheet, rows[0])
    later.writeheader()
    for row in rows:
        if row["full_name"] in decided:
            row["decision"], row["change_to"], row["justification"] = decided[row["full_name"]]
            later.writerow(row)
END
"$fbsync" review record later.csv --part --db demo/audit.sqlite --quiet
"$fbsync" export outcomes --snapshot 1 --db demo/audit.sqlite -o outcomes.xlsx --quiet

# A profile of its own: an office that is already open would take the job and print nothing.
soffice "-env:UserInstallation=file://$folder/office" --headless --convert-to pdf --outdir . evidence/review.xlsx outcomes.xlsx >office.txt 2>&1

take() { # a picture's name, the file, the page, what of it: left, top, width and height at 150 dots an inch
    pdftoppm -png -r 150 -f "$3" -l "$3" -x "$4" -y "$5" -W "$6" -H "$7" -singlefile "$2.pdf" "$1"
    pngquant --force --strip --speed 1 --output "$pictures/$1.png" 32 "$1.png"
}

take summary review 1 20 20 1200 1310
take review review 2 30 25 1690 600
take outcomes outcomes 2 30 25 1690 160
ls -l "$pictures"/*.png
