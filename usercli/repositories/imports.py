"""How far resumable imports came."""

from __future__ import annotations

from usercli.models.imports import ImportProgress
from usercli.repositories.base import Repository


class ImportRepository(Repository[ImportProgress]):
    """Imports by the digest of their file."""

    model = ImportProgress

    def lock(self, digest: str) -> ImportProgress:
        """The import, kept from others until the transaction ends. Raises NotFound."""
        found = self.session.get(ImportProgress, digest, with_for_update=True)
        if found is None:
            raise self.missing(digest)
        return found
