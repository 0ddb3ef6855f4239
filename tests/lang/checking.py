"""What tests of the checker share: check a source text, with small library packages."""

from __future__ import annotations

from typing import Optional

from gol.lang.check import check_package
from gol.lang.diagnostics import Diagnostics
from gol.lang.objects import Package
from gol.lang.parser import parse_file
from gol.lang.source import SourceSet

LIBRARY = {
    "errors": "package errors\nfunc New(text string) error\n",
    "fmt": """package fmt
type Stringer interface{ String() string }
func Println(a ...any) (n int, err error)
func Printf(format string, a ...any) (n int, err error)
func Sprint(a ...any) string
func printf(s string)
func println() {}
""",
    "os": "package os\nvar Args []string\nfunc Exit(code int)\n",
    "strconv": "package strconv\nfunc Itoa(i int) string\n",
    "strings": """package strings
type Builder struct { addr *Builder; buf []byte }
func (b *Builder) grow(n int)
func (b *Builder) Grow(n int)
func (b *Builder) String() string
func (b *Builder) WriteString(s string) (int, error)
func ToLower(s string) string
""",
    "unsafe": "",
}


class Checked:
    """A checked source text: its package, and its errors as Go prints them."""

    def __init__(
        self, text: str, path: str = "main", library: Optional[dict[str, Package]] = None
    ) -> None:
        self.sources = SourceSet()
        self.diags = Diagnostics(self.sources)
        self.package: Optional[Package] = None
        self.library: dict[str, Package] = dict(library or {})
        file = parse_file(self.sources.add("x.go", text), self.diags)
        if file is not None:
            self.package = check_package(path, [file], self.importer, self.diags)

    def importer(self, path: str) -> Optional[Package]:
        if path not in self.library and path in LIBRARY:
            sources = SourceSet()
            diags = Diagnostics(sources)
            file = parse_file(sources.add(path, LIBRARY[path]), diags)
            assert file is not None
            self.library[path] = check_package(path, [file], self.importer, diags)
            assert not diags, diags.items
        return self.library.get(path)

    @property
    def errors(self) -> list[str]:
        out = []
        for d in self.diags.sorted():
            p = self.sources.position(d.pos)
            out.append(f"{p.line}:{p.column}: {d.message}" if p.line else d.message)
        return out
