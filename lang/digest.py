"""``blake2b`` without OpenSSL: hashlib loads that, which takes longer than a warm run has."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # pragma: no cover
    from hashlib import blake2b

__all__ = ["blake2b"]
