"""Import exactly once, in chunks: each in a transaction that also records how far the file is done."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import Conflict, Hint
from usercli.models.imports import ImportProgress
from usercli.prefetch import prefetch
from usercli.schemas.imports import ImportSummary
from usercli.services.imports.atomic import administrator_guard, require_good
from usercli.services.imports.loader import Batch, Loader, Reject
from usercli.services.imports.options import ImportOptions
from usercli.services.imports.validation import Checked, noop


@dataclass(frozen=True)
class Progress:
    """How far the import of a file came."""

    digest: str
    change_id: uuid.UUID
    summary: ImportSummary
    reject_bytes: int
    finished: bool

    @property
    def records(self) -> int:
        """So many records of the file are dealt with."""
        return self.summary.read


def begin(digest: str, options: Mapping[str, Any], uow: UnitOfWork) -> Progress:
    """Where to go on; at the beginning of a file that was not seen before.

    Raises Conflict if it was begun with other options.
    """
    with uow:
        found = uow.imports.find(digest)
        if found is None:
            summary = ImportSummary().model_dump(mode="json")
            found = uow.imports.add(
                ImportProgress(digest=digest, change_id=uow.change_id, options=dict(options), summary=summary)
            )
        elif differing := sorted(name for name in options if options[name] != found.options.get(name)):
            raise Conflict(
                f"this import was begun with another value of {', '.join(differing)}; "
                "give the same options as then",
                hint=Hint.RESUME_ANEW,
            )
        progress = _progress(found)
        uow.commit()
    return progress


def resume(
    chunks: Iterable[Sequence[Checked]],
    uow: UnitOfWork,
    options: ImportOptions,
    progress: Progress,
    *,
    on_reject: Callable[[Reject], None],
    sync_rejects: Callable[[], int],
    on_progress: Callable[[ImportSummary], None],
    on_unsupported: Callable[[str], None] = noop,
    on_similar_role: Callable[[str, str], object] = noop,
) -> ImportSummary:
    """Import the chunks that follow; all are one change.

    `sync_rejects` puts the reject file on disk and says how long it is. Raises what import_users raises, and
    Conflict if somebody else goes on with the same import; the chunks before stand.
    """
    uow.change_id = progress.change_id
    loader = Loader(uow, options, on_reject, progress.summary.model_copy())
    loader.on_unsupported, loader.on_similar_role = on_unsupported, on_similar_role
    for batch in prefetch(loader.prepared(chunks)):
        with uow.change("user.imported"):
            _load(loader, batch, progress.digest, sync_rejects)
            uow.commit()
            on_progress(loader.summary)  # at once: what follows may be interrupted
    with uow:
        uow.imports.lock(progress.digest).finished_at = uow.now()
        uow.commit()
    return loader.summary


def _load(loader: Loader, batch: Batch, digest: str, sync_rejects: Callable[[], int]) -> None:
    uow, stands = loader.uow, loader.summary.read
    uow.bulk.lock_imports()
    with ExitStack() as guards:
        place = uow.imports.lock(digest)
        if place.summary["read"] != stands:
            raise Conflict("somebody else goes on with this import at this moment; wait for them")
        loader.begin(lambda: guards.enter_context(administrator_guard(uow, loader.options)))
        loader.load(batch)
        loader.finish()
        require_good(loader, stands)
        if loader.changes_anything:
            loader.summary.change_id = uow.change_id
        place.reject_bytes = sync_rejects()
        place.summary = loader.summary.model_dump(mode="json")


def _progress(found: ImportProgress) -> Progress:
    summary = ImportSummary.model_validate(found.summary)
    return Progress(found.digest, found.change_id, summary, found.reject_bytes or 0, found.finished_at is not None)
