"""Which passwords are allowed: NIST SP 800-63B-4 section 3.1.1 and OWASP ASVS 5.0 section 6.2.

Length counts in code points; no rules of composition, no expiry by age; passwords that everybody guesses
first are refused: common ones, also over and over or in another width, one character over and over,
and the user's own name and address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from usercli.errors import InvalidInput, Refused
from usercli.passwords import require_form, shipped_lines

#: ASVS 6.2.1 and NIST: 15 where the password is the only factor, never below 8.
LENGTH, SHORTEST = 15, 8

_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_WORD = re.compile(r"[^\W\d_]{4,}")


class PasswordRefused(Refused):
    """The policy does not allow this password."""


@dataclass(frozen=True)
class PasswordPolicy:
    """The rules in force; `blocklist` is a file with a password a line, besides the shipped list."""

    min_length: int = LENGTH
    blocklist: Path | None = None
    service_name: str | None = None

    def check(self, password: str, *about: str) -> None:
        """Raise PasswordRefused, saying why without repeating it; `about` is the user's email and name."""
        require_form(password)
        self.check_length(len(password))
        folded = _folded(password)
        if len(set("".join(folded.split()))) < 2:
            raise PasswordRefused("the password is one character over and over")
        if {folded, _EDGES.sub("", folded)} & self._common:
            raise PasswordRefused("the password is a common one, or a common one with digits around it")
        if self._is_about(folded, [*about, self.service_name or ""]):
            raise PasswordRefused("the password is made of the user's own name or address, or the service's name")
        if self._is_repeated(folded):
            raise PasswordRefused("the password is a common one over and over")

    def check_length(self, characters: int) -> None:
        """Raise PasswordRefused for fewer code points than the policy wants."""
        if characters < self.min_length:
            raise PasswordRefused(
                f"the password has {characters} characters; the policy requires {self.min_length} or more"
            )

    def _is_repeated(self, folded: str) -> bool:
        """Long lists hold few passwords of 15 characters; what people do instead is to repeat a short one."""
        bare = _EDGES.sub("", folded)
        for text in filter(None, (folded, bare, re.sub(r"[\W_]+", "", bare))):
            period = _period(text)
            if period < len(text) and text[:period] in self._common:
                return True
        return False

    def _is_about(self, folded: str, words: Iterable[str]) -> bool:
        """What is left without the words is no password by itself."""
        for text in words:
            name = _folded(text).strip()
            for word in sorted({name, *name.split("@"), *_WORD.findall(name)}, key=len, reverse=True):
                if len(word) < 4 or word not in folded:
                    continue
                rest = re.sub(r"[\W\d_]+", "", folded.replace(word, ""))
                if len(rest) < SHORTEST:
                    return True
        return False

    @cached_property
    def _common(self) -> frozenset[str]:
        listed = shipped_lines("common-passwords.txt.gz")
        if self.blocklist is None:
            return frozenset(listed)
        try:
            own = self.blocklist.expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise InvalidInput(f"cannot read the blocklist {self.blocklist} (UTF-8, a password a line)") from None
        return frozenset(listed).union(_folded(line) for line in own if line)


def _folded(text: str) -> str:
    """The text as it is compared: without case, width (NFKC) and characters that are not seen."""
    return "".join(
        char for char in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(char) != "Cf"
    )


def _period(text: str) -> int:
    """After how many characters a text begins again: 3 for `abcabcab`, its length if it never does."""
    border, borders = 0, [0] * len(text)
    for place in range(1, len(text)):
        while border and text[place] != text[border]:
            border = borders[border - 1]
        border += text[place] == text[border]
        borders[place] = border
    return len(text) - border
