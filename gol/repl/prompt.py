"""The prompt on a terminal: line editing by prompt_toolkit, colours by Pygments."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Optional

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import has_completions, has_focus
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from pygments.lexers.go import GoLexer  # type: ignore[import-untyped]

from gol import __version__
from gol.lang import entry as entries

from ..program import Progress
from ..render import coloured, paint
from ..session import Session
from .above import Above
from .commands import Commands
from .complete import Completer, candidates
from .filter import lines_of, run_lines
from .historyfile import history_file
from .outcome import report

_PROMPT = HTML("<ansigreen><b>gol&gt; </b></ansigreen>")
_CONTINUATION = "...  "
_INDENT = "    "


def _too_late(number: int, frame: object) -> None:
    """A Ctrl-C between the end of an entry, which it was for, and the next input, to which it is
    a key: an exception there would leave half of something behind."""


def _once(number: int, frame: object) -> None:
    """A Ctrl-C while an entry is compiled. Another one comes too late, so that what is done
    about the first is done to its end."""
    signal.signal(signal.SIGINT, _too_late)
    raise KeyboardInterrupt


def _history() -> History:
    path = history_file()
    if not path:
        return InMemoryHistory()
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "ab"):
            pass
    except OSError:
        return InMemoryHistory()
    return _History(path)


class _History(FileHistory):
    def store_string(self, string: str) -> None:
        """What cannot be kept on the disk is kept for this session."""
        with contextlib.suppress(OSError):
            super().store_string(string)


class Driver(threading.Thread):
    """Lets goroutines run while the prompt waits."""

    def __init__(self, session: Session) -> None:
        super().__init__(daemon=True, name="gol goroutines")
        self.session = session
        self.may = threading.Event()
        self.ends = False
        self.code: Optional[int] = None  # of the os.Exit that a goroutine has called
        self.on_exit: Callable[[], None] = lambda: None

    def stop(self) -> None:
        self.ends = True
        self.may.set()
        self.join(1)

    def run(self) -> None:
        try:
            self.session.start()
            if coloured():
                self.session.tint()
        except Exception as e:  # noqa: BLE001 (the first entry will say so again)
            print(f"gol: {e}", file=sys.stderr)
            return
        while True:
            self.may.wait()
            if self.ends:
                return
            outcome = self.session.host.drive(0.2, early=False)
            if outcome.kind == "exit":
                self.code = outcome.code
                self.on_exit()
                return


class Prompt:
    def __init__(self) -> None:
        self.session = Session()
        self.session.on_import = lambda path: print(paint(f'import "{path}"', "2"))
        self.commands = Commands(self.session, self.load)
        self.above = Above()
        self.driver = Driver(self.session)
        self.driver.on_exit = self._leave
        self.input: PromptSession[str] = PromptSession(
            message=_PROMPT,
            history=_history(),
            lexer=PygmentsLexer(GoLexer),
            completer=Completer(self.session),
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory(),
            enable_history_search=True,
            multiline=True,
            prompt_continuation=_CONTINUATION,
            key_bindings=_bindings(self.session),
            input_processors=[TabsProcessor(char1=" ", char2=" ")],
            editing_mode=EditingMode.EMACS,
            enable_suspend=True,
            include_default_pygments_style=True,
            color_depth=None if coloured() else ColorDepth.MONOCHROME,
            input=create_input(sys.stdin),
            output=Vt100_Output.from_pty(os.fdopen(self.above.out, "w", closefd=False)),
        )

    def run(self) -> int:
        print(f"gol {__version__}   :help for help, Ctrl-D to leave")
        self._prepare()
        self.driver.start()
        try:
            while self._entry():
                pass
            return self.driver.code or 0
        except SystemExit as e:
            return int(e.code or 0)
        finally:
            self.driver.stop()

    def _leave(self) -> None:
        """End the input, from another thread, as Ctrl-D does. If there is none at the moment,
        the next one sees that it has to end."""
        app = self.input.app
        loop = app.loop

        def leave() -> None:
            if app.future is not None and not app.future.done():
                app.exit(exception=EOFError())

        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(leave)

    def _begin(self) -> None:
        """In the event loop of an input, before its first key."""
        self.above.attach()
        if self.driver.code is not None:
            self._leave()

    def _prepare(self) -> None:
        """Compile the runtime and library here, with a progress bar, if that is to be done;
        the rest of the start is the driver's, while the prompt shows already."""
        if self.session.missing():
            with Progress() as progress:
                self.session.library.tell(progress)
                self.session.start()
                self.session.library.tell(None)

    def _entry(self) -> bool:
        """One turn; False at the end of the input."""
        if self.driver.code is not None:
            return False
        signal.signal(signal.SIGINT, _too_late)
        try:
            with self.above:
                self.driver.may.set()
                try:
                    text = self.input.prompt(pre_run=self._begin, handle_sigint=False)
                finally:
                    self.driver.may.clear()
        except KeyboardInterrupt:
            return True
        except EOFError:
            return False
        try:
            signal.signal(signal.SIGINT, _once)
            self.enter(text)
            signal.signal(signal.SIGINT, _too_late)
        except KeyboardInterrupt:  # while it was compiled, or a file loaded
            print("interrupted", file=sys.stderr)
        self._to_line_start()
        return True

    def _to_line_start(self) -> None:
        """What an entry has printed last may lack a newline. As many blanks as a line is wide
        end where they began, on the same line or the next."""
        sys.stdout.flush()
        out = self.input.output
        out.write_raw(" " * out.get_size().columns + "\r")
        out.flush()

    def enter(self, text: str) -> None:
        if text.startswith(":"):
            self.commands.run(text)
        elif entries.state(text) != entries.EMPTY:
            answer = self.session.run(text)
            report(answer)
            if answer.exits:
                raise SystemExit(answer.code)
            if self.commands.timing and answer.ok:
                self.commands.tell_time(answer.compile_time, answer.run_time)

    def load(self, path: str) -> None:
        """Raises OSError."""
        run_lines(self.session, self.commands, path, lines_of(path))


# --------------------------------------------------------------------------- keys
def _wants_more(text: str) -> bool:
    """Does an entry go on behind this? What follows a comment may be what it is about."""
    if text.startswith(":"):
        return False
    state = entries.state(text)
    if state == entries.EMPTY:
        return bool(text.rpartition("\n")[2].strip())
    return state == entries.INCOMPLETE and not entries.is_hopeless(text)


def _bindings(session: Session) -> KeyBindings:
    keys = KeyBindings()
    editing = has_focus(DEFAULT_BUFFER)

    @keys.add("tab", filter=editing & ~has_completions)
    def _complete(event: KeyPressEvent) -> None:
        """What all candidates have in common at once, then a menu of them."""
        buffer = event.current_buffer
        text = buffer.document.text_before_cursor
        if text and not text.rpartition("\n")[2].strip():
            buffer.insert_text(_INDENT)
            return
        found = candidates(session, text)
        if not found:
            event.app.output.bell()
            return
        word = text[found[0][0] :]
        buffer.insert_text(os.path.commonprefix([name for _, name, _ in found])[len(word) :])
        if len(found) > 1:
            buffer.start_completion(select_first=False)

    @keys.add("enter", filter=editing)
    def _enter(event: KeyPressEvent) -> None:
        """Done if the entry is complete, else a new line, indented as it should be."""
        buffer = event.current_buffer
        if buffer.complete_state:
            buffer.complete_state = None
            return
        text = buffer.document.text
        if not _wants_more(text):
            buffer.validate_and_handle()
            return
        line = buffer.document.current_line_before_cursor
        indent = line[: len(line) - len(line.lstrip())]
        if line.rstrip().endswith(("{", "(", "[", ":")):
            indent += _INDENT
        buffer.insert_text("\n" + indent)

    @keys.add("escape", "enter", filter=editing)
    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("}", filter=editing)
    @keys.add(")", filter=editing)
    def _closing(event: KeyPressEvent) -> None:
        """A closing bracket first on its line goes one step to the left."""
        buffer = event.current_buffer
        line = buffer.document.current_line_before_cursor
        if line and not line.strip() and line.endswith(_INDENT):
            buffer.delete_before_cursor(len(_INDENT))
        buffer.insert_text(event.data)

    return keys
