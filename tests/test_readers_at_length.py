"""Properties of readers, times, URLs, hashes and cursors with other seeds each time, a minute each or as said.

USERCLI_PROOF_SECONDS=600 scripts/test --slow -k at_length
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import seed

from tests import test_formats_kinds as kinds
from tests import test_hash_forms as forms
from tests import test_import_strict_json as strict_json
from tests import test_import_tables as tables
from tests import test_import_times as times
from tests import test_password_costs as costs
from tests import test_passwords as passwords
from tests import test_url_options as urls

SECONDS = float(os.environ.get("USERCLI_PROOF_SECONDS", "60"))

PROPERTIES: dict[str, list[Callable[[], Any]]] = {
    "times": [times.test_a_time_with_any_offset_is_read_or_refused, times.test_any_text_is_a_time_or_refused],
    "csv": [tables.test_what_csv_writes_is_read_as_it_was, tables.test_any_table_is_read_or_named],
    "json": [
        strict_json.test_an_array_is_read_as_json_reads_it,
        strict_json.test_any_text_is_read_or_refused_and_never_loses_a_key,
    ],
    "ldif": [kinds.test_any_ldif_is_read_or_named],
    "urls": [
        urls.test_a_url_means_what_it_means_to_libpq,
        urls.test_any_text_is_a_url_or_refused_and_never_repeated,
    ],
    "hashes": [
        forms.test_any_text_gets_one_answer,
        costs.test_any_text_is_a_hash_or_is_refused,
        passwords.test_no_stored_text_ends_in_a_traceback,
        passwords.test_no_damaged_hash_ends_in_a_traceback,
    ],
    "cursors": [times.test_any_cursor_is_refused_or_was_printed],
}  # each takes its arguments from hypothesis


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_the_properties_hold_at_length(name: str) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        number = secrets.randbits(32)
        print(f"{name}: seed {number}")  # noqa: T201 - pytest shows it where it fails
        for prove in PROPERTIES[name]:
            seed(number)(prove)()
