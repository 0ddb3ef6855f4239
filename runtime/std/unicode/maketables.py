"""Write tables.gol of package unicode: categories, cases and properties of all runes.

    python maketables.py > tables.gol

needs unicodedata2 of the version that package unicode names (17.0.0). A table is a string
of numbers of five bits a character, least first: 0x20 + bits ends a number, 0x40 + bits
does not. Signed numbers are doubled, negative ones complemented first.
"""

from __future__ import annotations

import contextlib
import unicodedata

with contextlib.suppress(ImportError):  # makescripts.py does without
    import unicodedata2 as ud  # type: ignore[import-not-found]

LAST_RUNE = 0x10FFFF
PER_LINE = 84
CATEGORIES = (
    "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co"
).split()


def encode(numbers: list[int]) -> str:
    chars: list[str] = []
    for n in numbers:
        while n >= 32:
            chars.append(chr(0x40 + n % 32))
            n //= 32
        chars.append(chr(0x20 + n))
    return "".join(chars)


def signed(n: int) -> int:
    return n * 2 if n >= 0 else ~n * 2 + 1


def literal(name: str, numbers: list[int]) -> str:
    text = encode(numbers)
    lines = [text[i : i + PER_LINE] for i in range(0, len(text), PER_LINE)]
    return f"const {name} = " + " +\n\t".join(f"`{line}`" for line in lines) + "\n"


def category_runs() -> list[int]:
    """Pairs of run length and category."""
    out: list[int] = []
    last, start = "", 0
    for r in range(LAST_RUNE + 2):
        c = ud.category(chr(r)) if r <= LAST_RUNE else "end"
        if c != last:
            if last:
                out += [r - start, CATEGORIES.index(last)]
            last, start = c, r
    return out


def simple(r: int) -> tuple[int, int, int]:
    """Upper, lower and title case of a rune: one rune each. The interpreter knows the
    letters of its own, older, version; of later ones the names tell."""
    c = chr(r)
    if unicodedata.category(c) == "Cn":
        other = partner(r)
        if other is None:
            return r, r, r
        return (r, other, r) if ud.category(c) == "Lu" else (other, r, other)
    title = ord(c.title()) if len(c.title()) == 1 else r
    upper = ord(c.upper()) if len(c.upper()) == 1 else title
    lower = ord(c.lower()[0])  # İ: an i and a dot
    if upper == r and lower == r:  # perhaps the other case came later
        other = partner(r)
        if other is not None and unicodedata.category(chr(other)) == "Cn":
            return (r, other, r) if ud.category(c) == "Lu" else (other, r, other)
    return upper, lower, title


def partner(r: int) -> int | None:
    """The letter with the same name in the other case."""
    name = ud.name(chr(r), "")
    for a, b in (("CAPITAL", "SMALL"), ("SMALL", "CAPITAL")):
        if f" {a} LETTER " in name:
            try:
                return ord(ud.lookup(name.replace(f" {a} ", f" {b} ", 1)))
            except KeyError:
                return None
    return None


def mappings() -> dict[int, tuple[int, int, int]]:
    out: dict[int, tuple[int, int, int]] = {}
    for r in range(LAST_RUNE + 1):
        if 0xD800 <= r <= 0xDFFF or ud.category(chr(r)) == "Cn":
            continue
        m = simple(r)
        if m != (r, r, r):
            out[r] = m
    return out


def case_ranges(cases: dict[int, tuple[int, int, int]]) -> list[int]:
    """Runs of letters of one kind: distance from the end of the run before, length, and
    the deltas to upper, lower and title case, or 0 0 0 for capital letters that alternate
    with their small ones."""
    deltas = {r: tuple(x - r for x in m) for r, m in cases.items()}
    capital, small = (0, 1, 0), (-1, 0, -1)
    out: list[int] = []
    end, r = 0, 0
    while r <= LAST_RUNE:
        if r not in deltas:
            r += 1
            continue
        n = 1
        if deltas[r] == capital and deltas.get(r + 1) == small:
            while deltas.get(r + n) == (small if n % 2 else capital):
                n += 1
            n -= n % 2
            kind: tuple[int, ...] = (0, 0, 0)
        else:
            kind = deltas[r]
            while deltas.get(r + n) == kind:
                n += 1
        out += [r - end, n, *map(signed, kind)]
        end = r = r + n
    return out


def orbits(cases: dict[int, tuple[int, int, int]]) -> list[int]:
    """Runes that fold to each other and are not just a pair of upper and lower case:
    pairs of rune and the next of its orbit, which is a circle."""
    group: dict[int, set[int]] = {}
    for r in cases:
        if r in (0x130, 0x131):
            continue
        fold = chr(r).casefold()
        key = ord(fold) if len(fold) == 1 and ord(fold) != r else simple(r)[1]
        group.setdefault(key, set()).update((r, key))
    out: list[tuple[int, int]] = []
    for members in group.values():
        m = sorted(members)
        for a, b in zip(m, m[1:] + m[:1], strict=True):
            upper, lower, _ = simple(a)
            normal = lower if lower != a else upper
            if b != normal:
                out.append((a, b))
    out += [(0x130, 0x130), (0x131, 0x131)]  # the Turkish letters fold to themselves
    for a, b in ((0x390, 0x1FD3), (0x3B0, 0x1FE3), (0xFB05, 0xFB06)):  # drawn alike
        out += [(a, b), (b, a)]
    return [x for pair in sorted(out) for x in pair]


def main() -> None:
    cases = mappings()
    print("package unicode\n")
    print(f"// Made by maketables.py from Unicode {ud.unidata_version}.\n")
    print(f'const Version = "{ud.unidata_version}"\n')
    print(literal("categoryRuns", category_runs()))
    print(literal("caseRanges", case_ranges(cases)))
    print(literal("caseOrbits", orbits(cases)), end="")


if __name__ == "__main__":
    main()
