"""Write slicefunc.gol, the sorting of a slice by a less function, from sort.gol; and
direct.gol, the sorting of ints, floats and strings, from the text below: the language of
this library has no type parameters.

    python copy.py
"""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
NAMES = (
    "quickSort insertionSort insertionSortSome choosePivot median partition "
    "partitionEqual scatter heapSort siftDown merge rotate reverse stable"
).split()

DIRECT = """
// sortNAME sorts x[a:b]; limit is the number of bad pivots that are still tolerated.
func sortNAME(x []TYPE, a, b, limit int) {
	for b-a > shortPart {
		if limit == 0 {
			heapSort(SLICE(x), a, b)
			return
		}
		n := b - a
		m := a + n/2
		if n >= 50 {
			i, k := a+n/4, a+n/4*3
			m = medianNAME(x, medianNAME(x, i-1, i, i+1), medianNAME(x, m-1, m, m+1),
				medianNAME(x, k-1, k, k+1))
		} else {
			m = medianNAME(x, a, m, b-1)
		}
		pivot := x[m]
		x[m] = x[a]
		x[a] = pivot
		equal := a > 0 && x[a-1] == pivot // equal to the pivot before: nothing is less
		i, j := a+1, b-1
		for {
			if equal {
				for i <= j && x[i] == pivot {
					i++
				}
			} else {
				for i <= j && x[i] < pivot {
					i++
				}
			}
			for i <= j && pivot < x[j] {
				j--
			}
			if i >= j {
				break
			}
			x[i], x[j] = x[j], x[i]
			i++
			j--
		}
		if equal {
			a = i
			continue
		}
		x[a] = x[j]
		x[j] = pivot
		if min(j-a, b-1-j) < n/8 {
			limit--
		}
		if j-a < b-1-j {
			sortNAME(x, a, j, limit)
			a = j + 1
		} else {
			sortNAME(x, j+1, b, limit)
			b = j
		}
	}
	for i := a + 1; i < b; i++ {
		v := x[i]
		j := i
		for ; j > a && v < x[j-1]; j-- {
			x[j] = x[j-1]
		}
		x[j] = v
	}
}

func medianNAME(x []TYPE, i, j, k int) int {
	if x[j] < x[i] {
		i, j = j, i
	}
	if x[k] < x[j] {
		j = k
		if x[j] < x[i] {
			j = i
		}
	}
	return j
}

// orderedNAME tells whether x is sorted, after reversing it if it descends.
func orderedNAME(x []TYPE) bool {
	n := len(x)
	i := 1
	for i < n && x[i] < x[i-1] {
		i++
	}
	if i == n {
		for j, k := 0, n-1; j < k; j, k = j+1, k-1 {
			x[j], x[k] = x[k], x[j]
		}
		return true
	}
	for i = 1; i < n && x[i-1] <= x[i]; i++ {
	}
	return i >= n
}
"""

HEAD = """package sort

import "math/bits"

// Made by copy.py.

func Ints(x []int) {
	if !orderedInts(x) {
		sortInts(x, 0, len(x), bits.Len(uint(len(x))))
	}
}

func Strings(x []string) {
	if !orderedStrings(x) {
		sortStrings(x, 0, len(x), bits.Len(uint(len(x))))
	}
}

// Float64s sorts x, not-a-numbers first.
func Float64s(x []float64) {
	n := 0
	for i, v := range x {
		if v != v {
			x[i] = x[n]
			x[n] = v
			n++
		}
	}
	x = x[n:]
	if !orderedFloat64s(x) {
		sortFloat64s(x, 0, len(x), bits.Len(uint(len(x))))
	}
}
"""


def slicefunc() -> str:
    text = (HERE / "sort.gol").read_text()
    parts = re.findall(r"(?:^//.*\n)*^func \w+\(data Interface[\s\S]*?^}\n", text, re.M)
    out = ['package sort\n\nimport "math/bits"\n\n// Made by copy.py from sort.gol.\n']
    for part in parts:
        name = re.search(r"^func (\w+)", part, re.M)
        assert name is not None
        if name[1] not in (*NAMES, "Stable"):
            continue
        part = part.replace("data Interface", "data *lessSwap").replace("data.Less(", "data.less(")
        part = part.replace("data.Swap(", "data.swap(").replace("Stable(", "stable(")
        part = part.replace("n := data.Len()", "n := data.n").replace("// Stable", "// stable")
        out.append(re.sub(r"\b(" + "|".join(NAMES) + r")(?=\()", r"\1Func", part))
    return "\n".join(out)


def direct() -> str:
    out = HEAD
    for name, typ, kind in (
        ("Ints", "int", "IntSlice"),
        ("Float64s", "float64", "Float64Slice"),
        ("Strings", "string", "StringSlice"),
    ):
        body = DIRECT.replace("sortTYPE", "sort" + name).replace("NAME", name)
        out += body.replace("TYPE", typ).replace("SLICE", kind)
    return out


if __name__ == "__main__":
    (HERE / "slicefunc.gol").write_text(slicefunc())
    (HERE / "direct.gol").write_text(direct())
