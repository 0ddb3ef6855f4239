"""Records: dataclasses in what the compiler uses of them."""

from __future__ import annotations

import pickle

import pytest

from gol.lang.record import field, fields, record, replace


@record()
class Point:
    x: int
    y: int = 0
    names: list[str] = field(default_factory=list)
    mark: str = field(default="-", init=False)


@record()
class Point3(Point):
    z: int = field(default=7)


@record(frozen=True)
class Key:
    name: str
    at: int


@record(eq=False)
class Node:
    pos: int


@record(eq=False)
class Empty(Node):
    pass


class Child(Point):
    """No record itself."""


def test_fields_are_given_in_order_or_by_name_or_have_defaults() -> None:
    p = Point(1, names=["a"])
    assert (p.x, p.y, p.names, p.mark) == (1, 0, ["a"], "-")
    p.names.append("b")
    assert Point(1).names == [] and Point(2).names is not Point(2).names
    q = Point3(1, 2, [], 3)
    assert (q.x, q.y, q.z, q.mark) == (1, 2, 3, "-")
    assert Point3(1).z == 7
    assert Empty(5).pos == 5 and Child(3).x == 3
    assert [f.name for f in fields(Point3)] == ["x", "y", "names", "mark", "z"]
    assert [f.type for f in fields(Key)] == ["str", "int"]


@pytest.mark.parametrize("args", [(), (1, 2, [], "m", 5)], ids=["few", "many"])
def test_wrong_arguments(args: tuple[object, ...]) -> None:
    for _ in range(2):  # the first call compiles the method
        with pytest.raises(TypeError):
            Point(*args)  # type: ignore[arg-type]


def test_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Point(1).other = 2  # type: ignore[attr-defined]


def test_equality_and_hash() -> None:
    assert Point(1) == Point(1, 0, []) != Point(2)
    assert Point(1) != Child(1) and Point(1) != 1
    with pytest.raises(TypeError):
        hash(Point(1))
    assert {Key("a", 1): 2}[Key("a", 1)] == 2
    assert Node(1) != Node(1) and len({Node(1), Node(1)}) == 2


def test_text_copies_and_pickles() -> None:
    p = Point(1, 2, ["a"])
    assert repr(p) == "Point(x=1, y=2, names=['a'], mark='-')"
    p.mark = "+"
    q = replace(p, y=3)
    assert (q.x, q.y, q.names, q.mark, p.y) == (1, 3, ["a"], "+", 2)
    with pytest.raises(TypeError):
        replace(p, w=1)
    assert pickle.loads(pickle.dumps(p)) == p
    assert pickle.loads(pickle.dumps(Key("a", 1), protocol=5)) == Key("a", 1)
