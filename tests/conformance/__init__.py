"""Go's own test corpus as a test of gol: ``python -m tests.conformance``."""
