"""The Python API: values of every type go to gol and come back."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import math
import pickle
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gol

SOURCE = Path(__file__).parent / "api" / "values.gol"
m = gol.load(SOURCE)

INTS = {
    "integer": (-(2**63), 2**63 - 1),
    "integer8": (-128, 127),
    "integer16": (-(2**15), 2**15 - 1),
    "integer32": (-(2**31), 2**31 - 1),
    "integer64": (-(2**63), 2**63 - 1),
    "natural": (0, 2**64 - 1),
    "natural8": (0, 255),
    "natural16": (0, 2**16 - 1),
    "natural32": (0, 2**32 - 1),
    "natural64": (0, 2**64 - 1),
    "address": (0, 2**64 - 1),
    "letter": (-(2**31), 2**31 - 1),
    "octet": (0, 255),
}

int64 = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False)
text = st.text()
points = st.builds(lambda x, y: m.Point(x, y), int64, int64)
scalars = st.none() | st.booleans() | int64 | floats | text | st.binary()
anything = st.recursive(
    scalars,
    lambda x: st.lists(x) | st.dictionaries(text, x) | st.dictionaries(int64, x, min_size=1),
    max_leaves=20,
)


# -------------------------------------------------------------------- numbers
@pytest.mark.parametrize("name", INTS)
def test_integers_have_their_ranges(name: str) -> None:
    f = getattr(m, name)
    low, high = INTS[name]
    for x in (low, low + 1, 0, 1, high - 1, high):
        got = f(x)
        assert got == x and type(got) is int
    for x in (low - 1, high + 1, 10**30):
        with pytest.raises(OverflowError, match=rf"argument 1 \(x\) of {name}: {x} does not fit"):
            f(x)


def test_floats() -> None:
    for x in (0.0, -0.0, 1.5, math.inf, -math.inf, 5e-324, 1.7e308):
        assert math.copysign(1, m.double(x)) == math.copysign(1, x) and m.double(x) == x
    assert math.isnan(m.double(math.nan)) and math.isnan(m.single(math.nan))
    assert m.single(0.1) == np.float32(0.1)
    assert m.single(math.inf) == math.inf
    assert m.double(3) == 3.0 and type(m.double(3)) is float
    with pytest.raises(OverflowError, match="does not fit in float32"):
        m.single(1e39)
    with pytest.raises(OverflowError, match="does not fit in float64"):
        m.double(10**400)


def test_complex_numbers() -> None:
    assert m.cdouble(1 - 2.5j) == 1 - 2.5j
    assert m.csingle(0.5j) == 0.5j
    assert m.cdouble(3) == 3 and type(m.cdouble(2.0)) is complex
    with pytest.raises(OverflowError):
        m.csingle(1e39j)


def test_numbers_of_other_classes() -> None:
    assert m.integer(np.int16(-3)) == -3
    assert m.double(np.float32(0.5)) == 0.5
    assert m.boolean(np.True_) is True
    assert m.cdouble(np.complex64(1j)) == 1j
    with pytest.raises(TypeError):
        m.integer(np.float64(1))


def test_bool_is_no_number() -> None:
    for f in (m.integer, m.natural8, m.double, m.single, m.cdouble):
        with pytest.raises(TypeError, match="got bool True"):
            f(True)
    with pytest.raises(TypeError, match="wanted bool, got int 1"):
        m.boolean(1)
    assert m.boolean(True) is True and m.boolean(False) is False


def test_float_is_no_int() -> None:
    with pytest.raises(TypeError, match=r"argument 1 \(x\) of integer: wanted int, got float 1.0"):
        m.integer(1.0)


def test_durations() -> None:
    assert m.wait(5) == 5
    assert m.wait(datetime.timedelta(days=-1, seconds=1, microseconds=2)) == -86398999998000


# -------------------------------------------------------------------- strings
@given(st.text(st.characters(exclude_categories=()), max_size=50))
@settings(max_examples=100)
def test_strings(x: str) -> None:
    if any(0xD800 <= ord(c) <= 0xDFFF for c in x):
        with pytest.raises(ValueError, match="surrogate"):
            m.text(x.replace("\udc80", "\ud800"))
    else:
        assert m.text(x) == x


@given(st.binary())
@settings(max_examples=50)
def test_strings_that_are_no_utf8(raw: bytes) -> None:
    x = raw.decode("utf-8", "surrogateescape")
    assert m.text(x).encode("utf-8", "surrogateescape") == raw


def test_bytes_are_no_string() -> None:
    with pytest.raises(TypeError, match="wanted string, got bytes b'x'; decode it first"):
        m.text(b"x")
    with pytest.raises(TypeError, match=r"wanted \[\]uint8, got str 'x'"):
        m.octets("x")


# ------------------------------------------------------------ lists and arrays
ROUND_TRIPS: dict[str, st.SearchStrategy[Any]] = {
    "ints": st.lists(int64),
    "octets": st.binary(),
    "doubles": st.lists(floats),
    "singles": st.lists(st.floats(width=32, allow_nan=False)),
    "shorts": st.lists(st.integers(-(2**15), 2**15 - 1)),
    "bools": st.lists(st.booleans()),
    "complexes": st.lists(st.complex_numbers(allow_nan=False)),
    "texts": st.lists(text),
    "nested": st.lists(st.none() | st.lists(text)),
    "three": st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 3),
    "four": st.binary(min_size=4, max_size=4),
    "two": st.tuples(text, text),
    "triples": st.lists(st.tuples(floats, floats, floats)),
    "table": st.none() | st.dictionaries(text, int64),
    "tables": st.dictionaries(int64, st.none() | st.lists(text)),
    "grid": st.dictionaries(points, text),
    "ratios": st.dictionaries(floats, st.booleans()),
    "keyed": st.dictionaries(st.tuples(*[st.integers(-128, 127)] * 2), anything),
    "dynamic": st.dictionaries(int64 | text | st.booleans(), anything),
    "point": points,
    "points": st.none() | st.lists(points),
    "mixed": st.builds(
        lambda a, b, c, d, e, f, g, h: m.Mixed(a, b, c, d, e, f, g, h),
        st.booleans(), int64, st.integers(0, 255), st.floats(width=32, allow_nan=False),
        st.tuples(*[st.integers(-128, 127)] * 3), st.just(1.5 - 2j), points,
        st.integers(0, 2**16 - 1),
    ),
    "person": st.builds(
        lambda *a: m.Person(*a, None), text, int64, st.none() | st.lists(text), points,
        st.none() | st.dictionaries(text, floats),
    ),
    "tree": st.recursive(
        st.builds(lambda v: m.Tree(v, []), int64),
        lambda t: st.builds(lambda v, c: m.Tree(v, c), int64, st.lists(t)),
    ),
    "embedding": st.builds(lambda p, t: m.Embedding(p, t), points, text),
    "anything": anything,
    "things": st.lists(anything),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(name: str) -> None:
    f = getattr(m, name)

    @given(ROUND_TRIPS[name])
    @settings(max_examples=40)
    def there_and_back(x: Any) -> None:
        got = f(x)
        assert got == x
        assert type(got) is type(x)

    there_and_back()


def test_lists_of_plain_structs() -> None:
    x = [m.Mixed(True, 1, 2, 0.5, (1, 2, 3), 1j, m.Point(1, 2), 9), m.Mixed()]
    assert m.mixeds(x) == x


def test_other_sequences() -> None:
    assert m.ints((1, 2)) == [1, 2]
    assert m.ints(range(3)) == [0, 1, 2]
    assert m.doubles([1, 2.5, np.float32(3)]) == [1.0, 2.5, 3.0]
    assert m.octets([1, 255]) == b"\x01\xff"
    assert m.ints([]) == [] and m.octets(b"") == b"" and m.texts([]) == []
    assert m.empties([{}, {}]) == [m.empty({}), m.empty({})]
    for bad in ("abc", {1, 2}, {1: 2}, 5, iter([1])):
        with pytest.raises(TypeError, match=r"wanted \[\]int, got"):
            m.ints(bad)


def test_arrays_have_their_length() -> None:
    with pytest.raises(TypeError, match=r"wanted 3 elements for \[3\]int16, got 2"):
        m.three([1, 2])
    with pytest.raises(TypeError, match=r"wanted 4 bytes for \[4\]uint8, got 5"):
        m.four(b"12345")
    assert m.three([1, 2, 3]) == (1, 2, 3)
    assert m.three(np.array([1, 2, 3])) == (1, 2, 3)


def test_errors_name_the_place() -> None:
    with pytest.raises(TypeError, match=r"argument 1 \(x\) of ints: element 2: wanted int, got s"):
        m.ints([1, 2, "3"])
    with pytest.raises(OverflowError, match="of shorts: element 1: 40000 does not fit in int16"):
        m.shorts([1, 40000])
    with pytest.raises(TypeError, match="of nested: element 0: element 1: wanted string, got int"):
        m.nested([["a", 5]])
    with pytest.raises(TypeError, match="of table: value of key 'a': wanted int, got None"):
        m.table({"a": None})
    with pytest.raises(TypeError, match="of table: key: wanted string, got int 1"):
        m.table({1: 1})
    with pytest.raises(TypeError, match="of people: element 0: field Home: field Y: wanted int"):
        m.people([{"Home": {"Y": "x"}}])


# -------------------------------------------------------------------- buffers
def test_buffers_of_the_exact_items() -> None:
    assert m.doubles(array("d", [1, 2])) == [1.0, 2.0]
    assert m.doubles(np.arange(3.0)) == [0.0, 1.0, 2.0]
    assert m.ints(np.arange(3)) == [0, 1, 2]
    assert m.octets(bytearray(b"ab")) == b"ab"
    assert m.octets(memoryview(b"abc")[1:]) == b"bc"
    assert m.bools(np.array([True, False])) == [True, False]
    assert m.complexes(np.array([1j])) == [1j]
    assert m.triples(np.arange(6.0).reshape(2, 3)) == [(0.0, 1.0, 2.0), (3.0, 4.0, 5.0)]
    assert m.doubles(np.zeros(0)) == []


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("doubles", np.arange(3), r"wanted \[\]float64, got ndarray with items 'l'"),
        ("ints", np.arange(3.0), r"wanted \[\]int, got ndarray with items 'd'"),
        ("ints", b"abc", r"wanted \[\]int, got bytes with items 'B'"),
        ("doubles", np.arange(6.0).reshape(2, 3), r"got ndarray of shape \(2, 3\)"),
        ("triples", np.arange(6.0).reshape(3, 2), r"got ndarray of shape \(3, 2\)"),
        ("doubles", np.arange(6.0)[::2], "the memory of the ndarray is not contiguous"),
        ("ints", np.arange(6.0)[::-1], r"wanted \[\]int, but the memory of the ndarray is not"),
        ("ints", np.zeros(2, "M8[s]"), r"wanted \[\]int, got ndarray: cannot include dtype 'M'"),
        ("doubles", np.arange(3.0).astype(">f8"), "items '>d'"),
        ("texts", np.array(["a"]), r"wanted \[\]string, got ndarray"),
        ("doubles", np.array(1.0), r"of shape \(\)"),
    ],
)
def test_other_buffers_are_refused(name: str, value: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        getattr(m, name)(value)


# -------------------------------------------------------------------- structs
def test_structs_are_dataclasses() -> None:
    assert all(map(dataclasses.is_dataclass, (m.Point, m.Person)))
    assert [f.name for f in dataclasses.fields(m.Person)] == [
        "Name", "Age", "Emails", "Home", "class_", "Friend",
    ]  # fmt: skip
    assert m.Person() == m.Person("", 0, None, m.Point(0, 0), None, None)
    assert repr(m.Point(1, 2)) == "Point(X=1, Y=2)"
    assert m.point({"Y": 2}) == m.Point(0, 2)
    with pytest.raises(TypeError, match=r"values.Point has no field 'Z'"):
        m.point({"Z": 2})
    with pytest.raises(TypeError, match=r"wanted values.Point, got tuple \(1, 2\)"):
        m.point((1, 2))
    got = m.anonymous({"A": 1, "B": "x"})
    assert (got.A, got.B) == (1, "x")
    assert m.anonymous(got) == got


def test_methods_of_structs() -> None:
    p = m.Point(1, 2)
    assert p.Sum() == 3
    assert p.Move(10, 20) is None
    assert p == m.Point(11, 22)  # as in Go, where p is a variable
    assert p.String() == "(11, 22)"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'dy'"):
        p.Move(1)
    with pytest.raises(TypeError, match=r"argument 1 \(dx\) of Point.Move: wanted int, got str"):
        p.Move("x", 1)
    assert m.Celsius.Fahrenheit(100.0) == 212.0


def test_dataclass_for_a_pointer() -> None:
    p = m.Point(1, 2)
    m.moveBy(p, 5)
    assert p == m.Point(6, 7)
    x = m.Person("Ann", 40)
    m.birthday(x)
    assert (x.Age, x.Emails) == (41, ["gift"])


# ------------------------------------------------------------------- pointers
def test_pointers_are_handles() -> None:
    p = m.newPoint(1, 2)
    assert (p.X, p.Y, p.Sum()) == (1, 2, 3)
    p.X = 10
    p.Move(1, 1)
    assert gol.value(p) == m.Point(11, 3)
    assert m.same(p, p) and not m.same(p, m.newPoint(1, 2))
    assert m.isNil(None) and not m.isNil(p)
    assert repr(p).startswith("<gol *values.Point at 0x")
    with pytest.raises(TypeError, match="field X of values.Point: wanted int, got str 'x'"):
        p.X = "x"
    with pytest.raises(AttributeError):
        p.Z = 1
    with pytest.raises(TypeError, match=r"wanted \*values.Point, got"):
        m.isNil(m.newPerson("x"))
    with pytest.raises(TypeError, match=r"wanted \*values.Point, got int 5"):
        m.isNil(5)


def test_pointers_in_structs() -> None:
    a, b = m.newPerson("Ann"), m.newPerson("Bob")
    m.befriend(a, b)
    assert a.Friend == b and hash(a.Friend) == hash(b) and a.Friend.Name == "Bob"
    assert a != b
    a.Friend = a
    assert gol.value(a).Friend == a
    a.Friend = None
    assert a.Friend is None
    a.Emails = ["x", "y"]
    a.class_ = {"k": 0.5}
    assert (a.Emails, a.class_) == (["x", "y"], {"k": 0.5})


def test_pointers_to_other_types() -> None:
    p = m.newInt(5)
    assert p.value == 5
    p.value = 6
    assert gol.value(p) == 6
    with pytest.raises(OverflowError):
        p.value = 2**63


# ----------------------------------------------------------------- interfaces
def test_any_has_the_type_of_the_same_literal() -> None:
    kinds = {
        True: "bool", 5: "int", 1.5: "float64", 1j: "complex128", "s": "string",
        b"b": "[]uint8", (1, "x"): "[]interface {}", m.Point(1, 2): "values.Point",
        m.newPoint(1, 2): "*values.Point", None: "<nil>", np.float32(2.5): "float64",
    }  # fmt: skip
    for x, want in kinds.items():
        assert m.kind(x) == want
    assert m.kind({"a": 1}) == "map[string]interface {}"
    assert m.kind({1: 1}) == "map[interface {}]interface {}"
    assert m.kind(ValueError("x")) == "*python.Failure"
    with pytest.raises(TypeError, match=r"wanted interface \{\}, got set|wanted any, got set"):
        m.anything({1})


def test_interfaces_with_methods() -> None:
    assert m.area(m.Square(3)) == 9
    assert m.area(m.newCircle(2)) == 12
    assert m.area(None) == -1
    with pytest.raises(TypeError, match=r"values.Point has no method Area"):
        m.area(m.Point())
    square, circle, nothing = m.shapes()
    assert square == m.Square(2) and circle.Area() == 3 and nothing is None


def test_values_of_types_that_python_meets_at_run_time() -> None:
    got = m.hide()
    assert got.N == 5 and type(got).__name__ == "secret"
    assert m.anything(got) == got


def test_opaque_values() -> None:
    t = m.now()
    assert m.year(t) == 1970
    assert "time.Time" in repr(t)
    c = m.makeChan()
    assert m.useChan(c) == 5
    with pytest.raises(TypeError, match="wanted chan int, got int 1"):
        m.useChan(1)


def test_depth_is_limited() -> None:
    x: Any = m.deep(200)
    for _ in range(200):
        (x,) = x
    assert x is None
    with pytest.raises(ValueError, match="a value nests too deeply"):
        m.deep(2000)


# ------------------------------------------------------------------ functions
def test_results() -> None:
    assert m.noResult() is None
    assert m.several() == (1, "two", [3.0])
    assert m.named(1, "x") == (1, "x")
    assert m.many(*range(10), 0.5, 1.5, "a", "b") == (45, 2.0, "ab")


def test_named_arguments() -> None:
    assert m.named(b="x", a=1) == (1, "x")
    assert m.named(1, b="x") == (1, "x")
    assert m.integer(x=5) == 5
    for args, named, why in (
        ((1,), {}, r"named\(\) missing 1 required positional argument: 'b'"),
        ((1, "x", 3), {}, r"named\(\) takes 2 positional arguments but 3 were given"),
        ((1,), {"c": 1}, r"named\(\) got an unexpected keyword argument 'c'"),
        ((1,), {"a": 1}, r"named\(\) got multiple values for argument 'a'"),
        ((), {"a": 1}, r"named\(\) missing 1 required positional argument: 'b'"),
    ):
        with pytest.raises(TypeError, match=why):
            m.named(*args, **named)
    with pytest.raises(TypeError, match="argument 1 of unnamed"):
        m.unnamed("x", "y")
    with pytest.raises(TypeError, match=r"integer\(\) missing 1 required"):
        m.integer()


def test_named_arguments_by_position() -> None:
    assert m.Factor(3).Times(1, x=2) == 6
    with pytest.raises(TypeError, match=r"Factor.Times\(\) missing .*: '_1'"):
        m.Factor(3).Times(x=2)
    with pytest.raises(TypeError, match="unexpected keyword argument ''"):
        m.Factor(3).Times(1, **{"": 2})
    assert m.count(a=1) == 1
    with pytest.raises(TypeError, match="unexpected keyword argument 'xs'"):
        m.count(1, xs=[5])


def test_elements_that_change_their_list() -> None:
    class Shrinks:
        def __init__(self, of: list[Any]) -> None:
            self.of = of

        def __index__(self) -> int:
            self.of.clear()
            return 4

    for make in (lambda v: (v, ["a"], [7]), lambda v: ([1], ["a"], v)):
        v: list[Any] = []
        v += [Shrinks(v), 1, 2]
        a, b, c = m.lengths(*make(v))
        assert (a, b, c) in ((3, 1, [7]), (1, 1, [4, 1, 2]))
    v = []
    v += [Shrinks(v), 1, 2]
    assert m.triple(v, [7, 8]) == ((4, 1, 2), [7, 8])


def test_what_nests_without_end() -> None:
    x: list[Any] = []
    x.append(x)
    with pytest.raises(RecursionError, match="of anything: list nests too deeply"):
        m.anything(x)
    y: dict[str, Any] = {}
    y["k"] = {"y": y}
    with pytest.raises(RecursionError, match="dict nests too deeply"):
        m.anything(y)
    assert m.anything([[[]]]) == [[[]]]


def test_structs_that_python_cannot_make() -> None:
    with pytest.raises(TypeError, match=r"a time\.Time cannot be made in Python"):
        m.Event()
    with pytest.raises(TypeError, match=r"argument 1 \(e\) of event: a time\.Time cannot be made"):
        m.event({"Name": "x"})
    assert m.event(m.Event("x", m.now())) == "x"
    assert m.event({"Name": "x", "At": m.now()}) == "x"


def test_modules_are_copied_as_what_they_are() -> None:
    assert copy.copy(m) is m and copy.deepcopy({"m": m})["m"] is m
    with pytest.raises(TypeError, match="cannot pickle the module values of gol"):
        pickle.dumps(m)


def test_errors_are_pickled() -> None:
    e = pickle.loads(pickle.dumps(gol.CompileError("text", [gol.Diagnostic("f", 1, 2, "m")])))
    assert (str(e), e.diagnostics) == ("text", [gol.Diagnostic("f", 1, 2, "m")])
    with pytest.raises(gol.Error) as failed:
        m.root(-1.0)
    e = pickle.loads(pickle.dumps(failed.value))
    assert type(e) is gol.Error and str(e) == str(failed.value)
    assert e.results == failed.value.results
    e = pickle.loads(pickle.dumps(gol.Panic("message", "traceback", 5)))
    assert (str(e), e.traceback, e.value) == ("message", "traceback", 5)


def test_any_is_named_so() -> None:
    with pytest.raises(TypeError, match=r"of anything: wanted any, got set"):
        m.anything(set())
    with pytest.raises(ValueError, match=r"of anything: character 0 of a string is a surrogate"):
        m.anything(ValueError("\ud800"))


def test_variadic_functions() -> None:
    assert m.sum(1) == 1
    assert m.sum(1, 2, 3) == 6
    assert m.sum(base=1) == 1
    assert m.joined("-", "a", "b") == "a-b"
    with pytest.raises(TypeError, match=r"sum\(\) missing 1 required positional argument: 'base'"):
        m.sum()
    with pytest.raises(TypeError, match=r"argument 2 \(more\) of sum: element 1: wanted int"):
        m.sum(1, 2, "x")


def test_errors_are_raised() -> None:
    assert m.root(8.0) == 4.0
    with pytest.raises(gol.Error, match="negative") as e:
        m.root(-1.0)
    assert e.value.results == -1.0
    assert m.isNegative(e.value) and m.message(e.value) == "negative"
    assert m.check(0) is None
    with pytest.raises(gol.Error, match="^code 5$"):
        m.check(5)
    error, n = m.firstError()
    assert isinstance(error, gol.Error) and n == 1
    assert m.message(gol.Error("mine")) == "mine" and m.message(ValueError("v")) == "v"
    assert m.message(None) == "none"
    assert not m.isNegative(gol.Error("negative"))
    assert m.isNegative(m.ErrNegative)
    with pytest.raises(TypeError, match="wanted error, got str 'x'"):
        m.message("x")


# ---------------------------------------------------- variables and constants
def test_variables() -> None:
    assert m.Counter == 3
    m.Counter = 5
    assert m.counter() == 5 == m.Counter
    m.Counter = 3
    assert m.Names == ["a", "b"] and m.Origin == m.Point() and m.Default is None
    m.Default = m.newPoint(1, 2)
    assert m.Default.Y == 2
    m.Default = None
    assert m.lookup == {"a": [1]}
    m.Any = [1, None]
    assert m.Any == [1, None]
    m.hidden = 3
    assert m.hidden == 3.0
    with pytest.raises(TypeError, match="variable Counter: wanted int, got str 'x'"):
        m.Counter = "x"
    with pytest.raises(AttributeError, match="Pi is no variable of module values"):
        m.Pi = 3
    with pytest.raises(AttributeError, match="nothing is not declared of module values"):
        m.nothing = 3


def test_constants() -> None:
    assert (m.Pi, m.Big, m.Small, m.Letter, m.Yes, m.I) == (3.14159, 2**70, 7, 120, True, 2j)
    assert m.Title == "values\udcff"
    assert m.Huge == math.inf
    assert (m.Typed, m.Day) == (200, 24 * 3600 * 10**9)
    assert type(m.Yes) is bool and type(m.Small) is int


def test_names() -> None:
    assert "integer" in dir(m) and "Point" in dir(m) and "Pi" in dir(m)
    assert repr(m) == "<gol module values>"
    with pytest.raises(AttributeError, match="module values has no nothing"):
        _ = m.nothing
    assert not hasattr(m, "nothing")
