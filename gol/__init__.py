"""gol: a Go-like language on goroutine stacks that start tiny and grow by being copied."""

__version__ = "0.1.0"
