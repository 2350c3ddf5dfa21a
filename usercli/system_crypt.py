"""crypt(3) of the system, for yescrypt: libxcrypt has it, and no library of Python that is as widely installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

#: Bytes of a password that libxcrypt reads (CRYPT_MAX_PASSPHRASE_SIZE, less the NUL at the end).
PASSWORD_BYTES = 511

_SONAMES = ("libcrypt.so.1", "libcrypt.so.2")
_DATA_BYTES = 32768  # of `struct crypt_data` in libxcrypt
_ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OUT_OF_RANGE = 64


@dataclass(frozen=True)
class YescryptNumbers:
    """What a check takes: N as its logarithm, r, p and t."""

    logarithm: int = 12
    block_size: int = 32
    parallelism: int = 1
    passes: int = 0


def has_yescrypt() -> bool:
    """Whether the system's libcrypt computes yescrypt."""
    return _libcrypt() is not None


def crypt(secret: bytes, setting: str) -> str:
    """The hash of a password. Raises ValueError for what libcrypt refuses, or where there is none."""
    import ctypes

    library = _libcrypt()
    buffer = ctypes.create_string_buffer(_DATA_BYTES)
    made = library.crypt_rn(secret, setting.encode(), buffer, _DATA_BYTES) if library is not None else None
    if made is None:
        raise ValueError("libcrypt refuses this password, or this setting")
    text: str = made.decode()
    return text


@cache
def _libcrypt() -> Any:
    import ctypes

    for name in _SONAMES:
        try:
            library = ctypes.CDLL(name)
            knows_it = library.crypt_checksalt(b"$y$j75$.......") == 0
            library.crypt_rn.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int)
            library.crypt_rn.restype = ctypes.c_char_p
        except (OSError, AttributeError):  # none of that name, or glibc's own
            continue
        if knows_it:
            return library
    return None


def yescrypt_numbers(text: str) -> YescryptNumbers:
    """The numbers between $y$ and the next $ (alg-yescrypt-common.c of libxcrypt). Raises ValueError.

    A hash that was upgraded (g), or needs a ROM, is refused: libxcrypt does not compute these.
    """
    _flavour, logarithm, block_size, *rest = _values(text)
    has = 1 + rest.pop(0) if rest else 0
    if has > 3 or len(rest) != has.bit_count() or logarithm + 1 >= _OUT_OF_RANGE:
        raise ValueError("not the numbers of a yescrypt hash")
    parallelism = 2 + rest.pop(0) if has & 1 else 1
    passes = 1 + rest.pop(0) if has & 2 else 0
    return YescryptNumbers(1 + logarithm, 1 + block_size, parallelism, passes)


def _values(text: str) -> Iterator[int]:
    """Numbers of one to six characters, of which the first says how many follow."""
    digits = iter([_ITOA64.index(character) for character in text])
    for first in digits:
        start, end, more, value = 0, 47, 0, 0
        while first > end:
            value += (end + 1 - start) << 6 * more
            start, end, more = end + 1, end + 1 + (62 - end) // 2, more + 1
        value += (first - start) << 6 * more
        for number in reversed(range(more)):
            digit = next(digits, _OUT_OF_RANGE)
            if digit == _OUT_OF_RANGE:
                raise ValueError("not the numbers of a yescrypt hash")
            value += digit << 6 * number
        yield value
