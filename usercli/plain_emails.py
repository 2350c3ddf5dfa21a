"""Email addresses so plain that the full validator accepts every one, told in a tenth of its time."""

from __future__ import annotations

import re

#: A property test holds this and `emails.validate_email` together; the key of such an address is its lower case.
PLAIN = re.compile(
    r"(?=.{1,64}@)(?=.{6,254}$)[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]{1,30}(?:-[A-Za-z0-9]{1,30})?\.)+"
    r"(?!(?i:arpa|invalid|local|localhost|onion|test)$)[A-Za-z]{2,24}"
)
