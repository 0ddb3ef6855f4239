"""The Python API: channels, and the fields of embedded structs."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

import gol

m = gol.compile("""
package chans

import "time"

type Item struct {
	Name string
	Next *Item
}

type Ints chan int

func ints(n int) chan int            { return make(chan int, n) }
func named(n int) Ints               { return make(Ints, n) }
func items(n int) chan *Item         { return make(chan *Item, n) }
func lists() chan []float64          { return make(chan []float64, 1) }
func functions() chan func(int) int  { return make(chan func(int) int, 1) }
func in(c <-chan int) <-chan int     { return c }
func out(c chan<- int) chan<- int    { return c }
func take(c Ints) int                { return <-c }

func squares(n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := range n {
			c <- i * i
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	return c
}

func sum(c <-chan int) (t int) {
	for x := range c {
		t += x
	}
	return
}

func both(c chan int, x int) (int, int) {
	select {
	case y := <-c:
		return y, 1
	default:
		return x, 0
	}
}

type Base struct {
	ID   int
	Name string
	Same int
}
type Other struct{ Same int }
type Deep struct{ Base }
type Point struct{ X, Y int }
type Whole struct {
	Deep
	*Other
	Point
	Y string
}

func (w Whole) X() int { return 42 }

func whole() *Whole  { return &Whole{Deep: Deep{Base{1, "one", 2}}, Other: &Other{3}, Y: "y"} }
func value(w *Whole) Whole { return *w }
func other() *struct{ *Deep } { return &struct{ *Deep }{&Deep{Base{ID: 5}}} }
""")


def test_send_and_receive() -> None:
    c = m.ints(3)
    assert isinstance(c, gol.Channel) and c and (len(c), c.capacity) == (0, 3)
    c.send(1)
    c.send(2)
    assert len(c) == 2 and m.both(c, 7) == (1, 1)
    assert c.recv() == 2 and m.both(c, 7) == (7, 0)
    c.send(5)
    c.close()
    assert list(c) == [5] and list(c) == []
    with pytest.raises(EOFError, match="the channel is closed"):
        c.recv()
    with pytest.raises(gol.Panic, match="send on closed channel"):
        c.send(1)
    with pytest.raises(gol.Panic, match="close of closed channel"):
        c.close()
    assert copy.copy(c) is c


def test_elements_of_every_kind() -> None:
    c = m.items(2)
    c.send(m.Item("a", None))
    c.send(None)
    assert c.recv().Name == "a" and c.recv() is None
    lists = m.lists()
    lists.send([1, 2.5])
    assert lists.recv() == [1.0, 2.5]
    functions = m.functions()
    functions.send(lambda x: x + 1)
    assert functions.recv()(41) == 42
    with pytest.raises(TypeError, match="element for a chan int: wanted int, got str 'x'"):
        m.ints(1).send("x")
    with pytest.raises(TypeError, match=r"element for a chan \[\]float64: element 1: wanted"):
        lists.send([1, "2"])


def test_directions() -> None:
    c = m.ints(1)
    m.out(c).send(3)
    assert len(m.in_(c)) == 1 and m.in_(c).recv() == 3
    with pytest.raises(TypeError, match="cannot receive from a chan<- int"):
        m.out(c).recv()
    with pytest.raises(TypeError, match="cannot send to a <-chan int"):
        m.in_(c).send(1)
    with pytest.raises(TypeError, match="cannot close a <-chan int"):
        m.in_(c).close()
    with pytest.raises(TypeError, match=r"argument 1 \(c\) of in: wanted <-chan int, got Channel"):
        m.in_(m.out(c))
    with pytest.raises(TypeError, match=r"\(c\) of take: wanted chans.Ints, got Channel"):
        m.take(m.in_(c))
    c.send(1)
    assert m.take(c) == 1
    n = m.named(1)
    n.send(4)
    assert m.in_(n).recv() == 4


def test_goroutines_and_threads_at_both_ends() -> None:
    assert list(m.squares(100)) == [i * i for i in range(100)]
    c = m.ints(0)
    got: list[int] = []
    t = threading.Thread(target=lambda: got.append(m.sum(c)))
    t.start()
    for i in range(50):
        c.send(i)
    c.close()
    t.join()
    assert got == [sum(range(50))]
    back = m.ints(0)
    t = threading.Thread(target=lambda: [back.send(i) for i in range(20)] and back.close())
    t.start()
    assert list(back) == list(range(20))
    t.join()


def test_waiting_for_nobody_is_a_deadlock() -> None:
    c = m.ints(0)
    for wait in (c.recv, lambda: c.send(1), lambda: next(iter(c))):
        with pytest.raises(gol.Deadlock):
            wait()


def test_fields_of_embedded_structs() -> None:
    p = m.whole()
    w = m.value(p)
    for x in (p, w):
        assert (x.ID, x.Name, x.Y) == (1, "one", "y")
        assert x.Same == 3  # of *Other, which is not as deep as Base
        assert x.X() == 42  # the method hides the field of Point
    p.ID, p.Same = 10, 30
    assert (p.Deep.Base.ID, p.Other.Same, m.value(p).ID) == (10, 30, 10)
    w.ID = 11
    assert w.Deep.Base.ID == 11 and p.ID == 10
    with pytest.raises(TypeError, match="field Name of .*: wanted string, got int 5"):
        p.Name = 5
    p.Other = None
    with pytest.raises(AttributeError):
        p.Same  # noqa: B018
    q: Any = m.other()
    q.ID = 6
    assert q.Deep.ID == 6 and q.Deep.Base.ID == 6
