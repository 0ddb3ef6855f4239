"""gol: a Go-like language on goroutine stacks that start tiny and grow by being copied."""

import os

__version__ = "0.1.0"

# In a checkout the other rooms (lang, jit, runtime) stand beside this folder; installed,
# they are inside it.
if not os.path.isdir(os.path.join(os.path.dirname(__file__), "lang")):
    __path__.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
