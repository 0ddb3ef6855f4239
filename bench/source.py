"""A program of any length, for measuring the compiler: chapters of some hundred lines such as
people write, each with types, functions and names of its own."""

from __future__ import annotations

# @ stands for the chapter's number.
CHAPTER = """\
// Chapter @: an account book, a table of words, an expression tree.

type account@ struct {
	name    string
	balance int
	history []entry@
}

type entry@ struct {
	amount int
	note   string
}

type book@ struct {
	accounts map[string]*account@
	order    []string
}

func newBook@() *book@ {
	return &book@{accounts: make(map[string]*account@)}
}

func (b *book@) open(name string, amount int) error {
	if _, exists := b.accounts[name]; exists {
		return fmt.Errorf("account %q exists", name)
	}
	if amount < 0 {
		return errors.New("negative amount")
	}
	b.accounts[name] = &account@{name: name, balance: amount}
	b.order = append(b.order, name)
	return nil
}

func (b *book@) transfer(from, to string, amount int) error {
	a, ok := b.accounts[from]
	if !ok {
		return fmt.Errorf("no account %q", from)
	}
	c, ok := b.accounts[to]
	if !ok {
		return fmt.Errorf("no account %q", to)
	}
	if a.balance < amount {
		return fmt.Errorf("%s has only %d", from, a.balance)
	}
	a.balance -= amount
	c.balance += amount
	a.history = append(a.history, entry@{-amount, "to " + to})
	c.history = append(c.history, entry@{amount, "from " + from})
	return nil
}

func (b *book@) report() string {
	var out strings.Builder
	sort.Slice(b.order, func(i, j int) bool {
		return b.accounts[b.order[i]].balance > b.accounts[b.order[j]].balance
	})
	for _, name := range b.order {
		a := b.accounts[name]
		fmt.Fprintf(&out, "%-8s %6d", a.name, a.balance)
		for _, e := range a.history {
			fmt.Fprintf(&out, " [%d %s]", e.amount, e.note)
		}
		out.WriteByte('\\n')
	}
	return out.String()
}

type node@ interface {
	eval(env map[string]float64) (float64, error)
	String() string
}

type number@ float64

type variable@ string

type binary@ struct {
	op          byte
	left, right node@
}

func (n number@) eval(map[string]float64) (float64, error) { return float64(n), nil }

func (n number@) String() string   { return strconv.FormatFloat(float64(n), 'g', -1, 64) }
func (v variable@) String() string { return string(v) }

func (b *binary@) String() string {
	return "(" + b.left.String() + " " + string(b.op) + " " + b.right.String() + ")"
}

func (v variable@) eval(env map[string]float64) (float64, error) {
	if x, ok := env[string(v)]; ok {
		return x, nil
	}
	return 0, fmt.Errorf("undefined: %s", string(v))
}

func (b *binary@) eval(env map[string]float64) (float64, error) {
	x, err := b.left.eval(env)
	if err != nil {
		return 0, err
	}
	y, err := b.right.eval(env)
	if err != nil {
		return 0, err
	}
	switch b.op {
	case '+':
		return x + y, nil
	case '-':
		return x - y, nil
	case '*':
		return x * y, nil
	case '/':
		if y == 0 {
			return 0, errors.New("division by zero")
		}
		return x / y, nil
	}
	return 0, fmt.Errorf("unknown operator %c", b.op)
}

func words@(text string) (counts map[string]int, longest string) {
	counts = make(map[string]int)
	start := -1
	for i, c := range text + " " {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		switch {
		case letter && start < 0:
			start = i
		case !letter && start >= 0:
			word := strings.ToLower(text[start:i])
			counts[word]++
			if len(word) > len(longest) {
				longest = word
			}
			start = -1
		}
	}
	return counts, longest
}

func primes@(n int) []int {
	composite := make([]bool, n+1)
	var out []int
	for i := 2; i <= n; i++ {
		if composite[i] {
			continue
		}
		out = append(out, i)
		for j := i * i; j <= n; j += i {
			composite[j] = true
		}
	}
	return out
}

func multiply@(a, b [3][3]float64) (c [3][3]float64) {
	for i := range a {
		for j := range b[0] {
			for k := range b {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func chapter@() {
	b := newBook@()
	for i, name := range []string{"anna", "ben", "cleo"} {
		if err := b.open(name, 100*i); err != nil {
			fmt.Println(err)
		}
	}
	for _, err := range []error{b.transfer("cleo", "anna", 50), b.transfer("anna", "dora", 1)} {
		if err != nil {
			fmt.Println("error:", err)
		}
	}
	fmt.Print(b.report())
	var tree node@ = &binary@{'+', number@(@), &binary@{'*', variable@("x"), number@(2)}}
	value, err := tree.eval(map[string]float64{"x": 1.5})
	fmt.Println(tree, value, err)
	counts, longest := words@("the cat and the other cat")
	fmt.Println(counts, longest)
	fmt.Println(primes@(30), multiply@([3][3]float64{{1, 2}, {0, 1}}, [3][3]float64{{1}, {2, 3}}))
	results := make(chan int)
	for i := 0; i < 3; i++ {
		go func() { results <- i * @ }()
	}
	fmt.Println(<-results + <-results + <-results)
}

"""

HEAD = """\
package main

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

"""


def program(lines: int, edition: int = 0) -> str:
    """A program of about so many lines, which prints first which edition of it it is."""
    chapters = max(1, round(lines / CHAPTER.count("\n")))
    body = "".join(CHAPTER.replace("@", str(i)) for i in range(chapters))
    calls = "".join(f"\tchapter{i}()\n" for i in range(chapters))
    return f'{HEAD}{body}func main() {{\n\tfmt.Println("edition", {edition})\n{calls}}}\n'
