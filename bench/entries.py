"""How soon an entry is answered: ``python -m bench.entries [ROUNDS]``.

``gol repl`` runs as a filter, as warm as after a while of use. One-line entries of many kinds
are given to it one by one; what is timed is the way from writing the line to reading all of
its answer, which is checked, and beside it the processor time, which other work on the
machine disturbs less. Exit code 1 if an answer is wrong, or if more than 5 % of them take
longer than the bound.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

BOUND = 0.060  # seconds

# entry, answer
ENTRIES: list[tuple[str, str]] = [
    ("1 + 2", "3  int"),
    ("x{0} := {0}; x{0}", "{0}  int"),
    ('"gol" + "!"', '"gol!"  string'),
    ("[]int{{1, 2, 3}}", "[1 2 3]  []int"),
    ('map[string]int{{"a": {0}}}', 'map["a":{0}]  map[string]int'),
    ("func f{0}(n int) int {{ return n * {0} }}; f{0}(2)", "{1}  int"),
    ("f{0}(3) - f{0}(2)", "{0}  int"),
    ("type T{0} struct {{ A int; B string }}; T{0}{{{0}, \"b\"}}", '{{A:{0} B:"b"}}  T{0}'),
    ("t{0} := T{0}{{A: 1}}; t{0}.A++; t{0}.A", "2  int"),
    ('strings.ToUpper("abc")', '"ABC"  string'),
    ('strings.Split("a,b", ",")', '["a" "b"]  []string'),
    ('fmt.Sprintf("%05d", {0})', '"{2}"  string'),
    ("math.Sqrt(2)", "1.4142135623730951  float64"),
    ('strconv.Atoi("{0}")', "{0}, <nil>  (int, error)"),
    ("func() int {{ s := 0; for i := 0; i < 10; i++ {{ s += i }}; return s }}()", "45  int"),
    ("xs{0} := make([]int, 5); for i := range xs{0} {{ xs{0}[i] = i * i }}; xs{0}",
     "[0 1 4 9 16]  []int"),
    ("len(xs{0})", "5  int"),
    ("c{0} := make(chan int, 1); c{0} <- 4; <-c{0}", "4  int"),
    ("sort.Ints(xs{0}); xs{0}[4]", "16  int"),
    ("struct{{ P *int }}{{nil}}", "{{P:<nil>}}  struct{{P *int}}"),
]  # fmt: skip


def main(rounds: int) -> int:
    gol = subprocess.Popen(
        [sys.executable, "-m", "gol", "repl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert gol.stdin is not None and gol.stdout is not None
    times: dict[str, list[float]] = {}
    cpu: list[float] = []
    wrong = 0
    for n in range(-1, rounds):  # the round -1 compiles what the library still lacks
        k = n + 2
        for entry, answer in ENTRIES:
            line = entry.format(k, 2 * k, f"{k:05d}")
            want = answer.format(k, 2 * k, f"{k:05d}")
            begin, used = time.perf_counter(), busy(gol.pid)
            gol.stdin.write(line.encode() + b"\n")
            gol.stdin.flush()
            got = gol.stdout.readline().decode().rstrip("\n")
            took = time.perf_counter() - begin
            if got != want:
                print(f"{line}: {got}, expected {want}", file=sys.stderr)
                wrong += 1
            if n >= 0:
                cpu.append(busy(gol.pid) - used)
                times.setdefault(entry.format("N", "", ""), []).append(took)
    gol.stdin.close()
    gol.wait()
    for entry, of in times.items():
        print(f"{1000 * statistics.median(of):7.1f} ms  {entry}")
    print(f"{len(cpu)} entries, bound {1000 * BOUND:.0f} ms")
    wall = [t for x in times.values() for t in x]
    for what, of in (("wall", wall), ("CPU", cpu)):
        of.sort()
        p50, p95 = (1000 * of[int(len(of) * q)] for q in (0.50, 0.95))
        print(f"{what:4}  median {p50:.1f} ms, 95 % within {p95:.1f}, all {1000 * of[-1]:.1f}")
    return 1 if wrong or wall[int(len(wall) * 0.95)] > BOUND else 0


def busy(pid: int) -> float:
    """Seconds that a process's main thread has run, and that of the one that LLVM is in."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        pids = [str(pid), *f.read().split()]
    return sum(_ran(p) for p in pids)


def _ran(pid: str) -> float:
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
