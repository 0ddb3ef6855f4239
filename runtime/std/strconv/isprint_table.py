"""Write isprint.gol's table: which runes package strconv prints as they are.

Needs a module with Unicode's character database of the version that package unicode
names (17.0.0): ``python isprint_table.py > isprint_table.gol`` with unicodedata2 17.0.0
installed.
"""

from __future__ import annotations

import unicodedata2  # type: ignore[import-not-found]

LAST_RUNE = 0x10FFFF
PER_LINE = 84


def runs() -> list[int]:
    """Lengths of the alternating runs of unprintable and printable runes from 0 on."""
    lengths: list[int] = []
    state, start = False, 0
    for r in range(LAST_RUNE + 1):
        printable = r == 0x20 or unicodedata2.category(chr(r))[0] in "LMNPS"
        if printable != state:
            lengths.append(r - start)
            state, start = printable, r
    return lengths


def encode(lengths: list[int]) -> str:
    """Five bits a character, least first: 0x20 + bits ends a number, 0x40 + bits does not."""
    chars: list[str] = []
    for n in lengths:
        while n >= 32:
            chars.append(chr(0x40 + n % 32))
            n //= 32
        chars.append(chr(0x20 + n))
    return "".join(chars)


def main() -> None:
    text = encode(runs())
    print("package strconv\n")
    print(f"// Made by isprint_table.py from Unicode {unicodedata2.unidata_version}.")
    lines = [text[i : i + PER_LINE] for i in range(0, len(text), PER_LINE)]
    print("const printRuns = " + " +\n\t".join(f"`{line}`" for line in lines))


if __name__ == "__main__":
    main()
