"""Sessions that are interrupted at bad moments, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

_PRELUDE = '''\
from gol.jit.host import Outcome
from gol.session import Session

session = Session()
host = session.host

def run(text):
    answer = session.run(text)
    assert answer.ok, (text, answer, answer.diags and answer.diags.items)

def holds(condition):
    run(f"if !({condition}) {{ panic(`not so`) }}")

def late(name, text):
    """Run an entry; a Ctrl-C comes when that method of the host has done its work."""
    method = getattr(host, name)
    def interrupted(*args, **options):
        method(*args, **options)
        raise KeyboardInterrupt
    setattr(host, name, interrupted)
    try:
        session.run(text)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("not interrupted")
    finally:
        delattr(host, name)
'''


def in_session(program: str) -> None:
    code = _PRELUDE + textwrap.dedent(program)
    r = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (r.returncode, r.stderr) == (0, "")


def test_an_interrupt_while_a_module_is_placed() -> None:
    in_session("""
        run("func f() int { return 1 }")
        late("load", "func f() int { return 2 }")
        holds("f() == 1")
        late("load", "type T struct{}; func (T) M() int { return 1 }")
        run("type T int; func (t T) M() int { return 2 }")
        holds("T(0).M() == 2")
    """)


def test_an_interrupt_when_an_entry_has_run() -> None:
    in_session("""
        run("type T int")
        run("func f() int { return 1 }")
        run("var a any = T(5)")
        late("call", "func f() int { return 2 }; f();")
        late("call", "func (t T) String() string { return `no` }")
        holds("f() == 1 && fmt.Sprint(a) == `5`")
        run("func (t T) String() string { return `yes` }")
        holds("fmt.Sprint(a) == `yes`")
        late("call", "func (t T) String() string { return `no` }; f();")
        holds("fmt.Sprint(a) == `yes`")
    """)


def test_a_package_is_initialised_or_not_there() -> None:
    in_session("""
        run("1;")
        def interrupted(address):
            assert address == host.address("log.init")
            if runs:
                del host.call
                host.call(address)
            return Outcome("interrupted")
        for runs in (False, True):
            host.call = interrupted
            try:
                session.place("log")
            except KeyboardInterrupt:
                pass
            else:
                raise AssertionError("not interrupted")
        holds("log.Default() != nil && log.Flags() == log.LstdFlags")
    """)


def test_what_befalls_llvm_does_not_befall_the_session() -> None:
    in_session('''
        import os
        import select
        import signal
        import threading
        import time

        # LLVM cannot lower a call that returns four words in registers at a safepoint
        WRONG = """
        target triple = "x86_64-unknown-linux-gnu"
        define i64 @f() #0 gc "statepoint-example" {
          %a = call {i64, i64, i64, i64} @g()
          %b = extractvalue {i64, i64, i64, i64} %a, 3
          ret i64 %b
        }
        declare {i64, i64, i64, i64} @g()
        attributes #0 = { "split-stack" "frame-pointer"="none" nounwind }
        """
        run("x := 1")
        compile = session.service.compile
        session.service.compile = lambda ir, name, roots: compile(WRONG, name, [])
        answer = session.run("x := 2")
        (said,) = answer.diags.items
        assert said.message.startswith("internal compiler error: LLVM stopped by SIGABRT: ")
        del session.service.compile
        holds("x == 1")

        # its process is gone, or does not answer
        os.kill(session.service._worker.pid, signal.SIGKILL)
        select.select([session.service._worker], [], [])
        holds("x == 1")
        os.kill(session.service._worker.pid, signal.SIGSTOP)
        def interrupt():
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGINT)
        try:
            threading.Thread(target=interrupt).start()
            session.run("x := 3")
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError("not interrupted")
        holds("x == 1")
    ''')
