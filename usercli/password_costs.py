"""What it costs to check a password against a stored hash, by formula, and the most that is spent on one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_SECONDS = 4
MAX_MEBIBYTES = 256

# Picoseconds for each unit of work, as CPython 3.11 with OpenSSL, bcrypt 4.3 and argon2-cffi 25.1 took them on a
# virtual server of 2 cores (AMD EPYC) beside other work, which makes them vary by a third: the time of one hash of
# 0.1 to 0.5 s, divided by its units. A unit is a round; of scrypt and yescrypt N*r*p; of argon2 a KiB that a pass
# fills, and a thread that each lane of a pass starts (the difference between 1 and 2048 lanes). A round of
# sha-crypt, of phpass and of Drupal reads the password anew, byte by byte.
_PICOSECONDS = {
    "bcrypt": 75_000_000,
    "pbkdf2_sha1": 500_000,
    "pbkdf2_sha256": 550_000,
    "pbkdf2_sha512": 1_300_000,
    "drupal": 600_000,
    "drupal_byte": 1_300,
    "phpass": 1_200_000,
    "phpass_byte": 1_700,
    "sha256_crypt": 800_000,
    "sha512_crypt": 600_000,
    "sha256_crypt_byte": 4_500,
    "sha512_crypt_byte": 8_500,
    "scrypt": 1_100_000,
    "yescrypt": 300_000,
    "argon2": 2_300_000,
    "argon2_lane": 450_000_000,
}
_PER_SECOND = 10**12

#: No estimate goes beyond it: the numbers in a hash are not bounded.
_MOST = 10**6


@dataclass(frozen=True)
class Work:
    """What one check takes: seconds on one core, for each byte of the password as well, and MiB of memory."""

    seconds: float = 0
    mebibytes: int = 0
    seconds_per_byte: float = 0

    def is_bounded(self, password_bytes: int = 0) -> bool:
        """Whether the check of a password of so many bytes stays within what is spent on one."""
        seconds = self.seconds + password_bytes * self.seconds_per_byte
        return seconds <= MAX_SECONDS and not self.is_too_large

    @property
    def is_too_large(self) -> bool:
        """Whether a check takes more memory than is spent on one."""
        return self.mebibytes > MAX_MEBIBYTES

    def excess(self, what: str) -> str:
        """The sentence about the hash `what` that says which bound it breaks."""
        if self.is_too_large:
            needs = f"needs {_rounded(self.mebibytes)} MiB"
            return f"to check the hash {needs} ({what}); the most is {MAX_MEBIBYTES} MiB"
        takes = f"would take about {_rounded(self.seconds)} s"
        return f"to check the hash {takes} ({what}); the most is {MAX_SECONDS} s"


def bcrypt_work(parsed: Any) -> Work:
    """The work of a hash of bcrypt."""
    return Work(_seconds(_PICOSECONDS["bcrypt"] << parsed.rounds))


def pbkdf2_work(digest: str, parsed: Any) -> Work:
    """The work of a hash of PBKDF2 with a digest."""
    return Work(_seconds(parsed.rounds * _PICOSECONDS[f"pbkdf2_{digest}"]))


def pbkdf2_phc_work(parsed: Any) -> Work:
    """The work of a hash of PBKDF2 whose key may have several blocks."""
    return Work(_seconds(parsed.rounds * parsed.blocks * _PICOSECONDS[f"pbkdf2_{parsed.digest}"]))


def phpass_work(parsed: Any) -> Work:
    """The work of a hash of phpass, which reads the password anew in every round, as sha-crypt does."""
    per_byte = _seconds(_PICOSECONDS["phpass_byte"] << parsed.rounds)
    return Work(_seconds(_PICOSECONDS["phpass"] << parsed.rounds), seconds_per_byte=per_byte)


def drupal_work(parsed: Any) -> Work:
    """The work of a hash of Drupal, whose rounds are one of sha512 each."""
    per_byte = _seconds(_PICOSECONDS["drupal_byte"] << parsed.rounds)
    return Work(_seconds(_PICOSECONDS["drupal"] << parsed.rounds), seconds_per_byte=per_byte)


def sha_crypt_work(digest: str, parsed: Any) -> Work:
    """The work of a hash of sha256_crypt or sha512_crypt."""
    per_byte = _seconds(parsed.rounds * _PICOSECONDS[f"{digest}_crypt_byte"])
    return Work(_seconds(parsed.rounds * _PICOSECONDS[f"{digest}_crypt"]), seconds_per_byte=per_byte)


def scrypt_work(parsed: Any) -> Work:
    """The work of a hash of scrypt, Django's too."""
    if hasattr(parsed, "parameters"):
        n, r, p = parsed.parameters
    else:
        n, r, p = 1 << parsed.rounds, parsed.block_size, parsed.parallelism
    return Work(_seconds(n * r * p * _PICOSECONDS["scrypt"]), _mebibytes(128 * r * max(n, p)))


def yescrypt_work(parsed: Any) -> Work:
    """The work of a hash of yescrypt, at most: some flavours take a part of it."""
    numbers = parsed.numbers
    n, r, p = 1 << numbers.logarithm, numbers.block_size, numbers.parallelism
    units = n * r * p * (1 + numbers.passes)
    return Work(_seconds(units * _PICOSECONDS["yescrypt"]), _mebibytes(128 * r * max(n, p)))


def argon2_work(parsed: Any) -> Work:
    """The work of a hash of argon2."""
    kibibytes, lanes = parsed.memory_cost, parsed.parallelism
    each_pass = kibibytes * _PICOSECONDS["argon2"] + lanes * _PICOSECONDS["argon2_lane"]
    return Work(_seconds(parsed.rounds * each_pass), _mebibytes(1024 * max(kibibytes, 8 * lanes)))


def no_work(_parsed: Any) -> Work:
    """The work of a hash of a scheme without a cost."""
    return Work()


#: The highest cost of bcrypt whose hashes are checked.
MAX_BCRYPT_COST = (MAX_SECONDS * _PER_SECOND // _PICOSECONDS["bcrypt"]).bit_length() - 1


def _seconds(picoseconds: int) -> float:
    return min(picoseconds, _MOST * _PER_SECOND) / _PER_SECOND


def _mebibytes(size: int) -> int:
    return min(-(-size >> 20), _MOST)


def _rounded(number: float) -> str:
    return f"{number:,.0f}" if number < _MOST else f"{_MOST:,} or more"
