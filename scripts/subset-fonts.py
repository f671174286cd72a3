#!/usr/bin/env python3
"""Makes the fonts of server/src/page/fonts anew, from Debian's packages.

    apt-get download fonts-inter fonts-noto-core fonts-noto-cjk
    for package in *.deb; do dpkg -x "$package" fonts; done
    python3 -m venv venv && venv/bin/pip install fonttools cffsubr
    venv/bin/python scripts/subset-fonts.py fonts server/src/page/fonts

What they cover: docs/decisions/pictures-bring-their-fonts.md.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

LATIN = (
    "U+0020-007E,U+00A0-024F,U+02BB-02BC,U+02C6-02DD,U+0300-0304,U+0306-030C,U+031B,U+0323,U+0326-0328,"
    "U+0370-03FF,U+0400-045F,U+0490-0491,U+1E80-1E85,U+1E9E,U+1EA0-1EF9,U+2010-2027,U+202F-203A,U+2044,"
    "U+20A0-20C0,U+2122,U+2190-2193,U+2212"
)
# A line is written with one font, so each of the others has what stands between its letters: figures, marks, the names of makes.
WESTERN = "U+0020-007E,U+00A0-00FF,U+2010-2014,U+2018-201E,U+2022,U+2026"
ARABIC = "U+060C-061C,U+061E-06FF,U+0750-077F,U+FDFC"
JAPANESE = (
    "U+3000-3003,U+3005-3011,U+301C,U+3041-3096,U+309D-309E,U+30A1-30FE,"
    "U+FF01,U+FF08-FF0C,U+FF0E-FF0F,U+FF1A-FF1B,U+FF1F,U+FF5E"
)
# Not of the first level of JIS X 0208, and on what shops sell.
MORE_KANJI = "繋贅絨毯籐煎餅珈琲麒麟饅頭鞄靴箸傘釦襟袖"


def first_level():
    """The 2,965 kanji of the first level of JIS X 0208."""
    for row in range(0xB0, 0xD0):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes([row, cell]).decode("euc_jp")
            except UnicodeDecodeError:
                pass


def codes(ranges):
    """The code points of a list of ranges."""
    for part in ranges.split(","):
        first, _, last = part.removeprefix("U+").partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def subset(source, target, *options):
    subprocess.run(["pyftsubset", source, f"--output-file={target}", "--no-hinting", *options], check=True)
    print(target.name, target.stat().st_size)


def main(packages, target):
    fonts = packages / "usr/share/fonts"
    named = ["--name-IDs=0,1,2,3,4,5,6,7,13,14,16,17", "--notdef-outline", "--recommended-glyphs"]
    latin = [f"--unicodes={LATIN}", "--layout-features=kern,mark,mkmk,ccmp,locl", *named]
    for name in ["InterDisplay-SemiBold.otf", "Inter-Medium.otf"]:
        subset(fonts / "opentype/inter" / name, target / name, *latin)
    with tempfile.TemporaryDirectory() as folder:
        noto, arabic, western = fonts / "truetype/noto", Path(folder) / "arabic.ttf", Path(folder) / "western.ttf"
        subset(noto / "NotoSansArabic-Bold.ttf", arabic, f"--unicodes={ARABIC},U+0020", "--layout-features=*", *named)
        here = TTFont(arabic).getBestCmap()
        others = ",".join(f"U+{code:04X}" for code in codes(WESTERN) if code not in here)
        subset(noto / "NotoSans-Bold.ttf", western, f"--unicodes={others}", "--layout-features=kern", *named)
        merged = target / "NotoSansArabic-Bold.ttf"
        Merger().merge([str(arabic), str(western)]).save(merged)
        print(merged.name, merged.stat().st_size)

        whole = Path(folder) / "whole.otf"
        subset(
            fonts / "opentype/noto/NotoSansCJK-Bold.ttc",
            whole,
            "--font-number=0",
            f"--unicodes={JAPANESE},{WESTERN}",
            f"--text={''.join(first_level())}{MORE_KANJI}",
            "--layout-features=",
            "--desubroutinize",
            "--drop-tables+=GSUB,GPOS,vhea,vmtx,VORG,BASE",
        )
        japanese = target / "NotoSansJP-Bold.otf"
        subprocess.run(["cffsubr", "-o", japanese, whole], check=True)
        print(japanese.name, japanese.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
