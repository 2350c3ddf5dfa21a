"""Sample users: the same ones every time, made one by one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from usercli.batches import batched
from usercli.database.unit_of_work import UnitOfWork, retried
from usercli.emails import email_key
from usercli.hash_chain import canonical
from usercli.prefetch import prefetch
from usercli.schemas.database import Seeded
from usercli.schemas.import_rows import Attributes, UserRow
from usercli.schemas.users import UserCreate
from usercli.services.imports.loader import Loader
from usercli.services.imports.options import ImportOptions
from usercli.services.imports.validation import CHUNK, noop

_FIRST = (
    "Ada Alan Amara Anders Ángel Beatriz Björn Chidi Chloé Dana Dmitri Edsger Elif Emeka Fatima Frances Grace",
    "Hana Hedy Ines İlker Jürgen Karen Katherine Kenji Lin Linus Lucía Mae Margaret María Mei Mohammed Nadia",
    "Niklaus Noor Olga Omar Priya Radia Rosa Ruth Sana Søren Tomás Uma Vera Wei Xóchitl Yuki Zoë",
)
_LAST = (
    "Adeyemi Allen Andersson Bose Borg Chen Conway Cortés Curie Dijkstra Easley Engelbart Fischer García",
    "Goldberg Haddad Hamilton Hopper Ivanova Jackson Johnson Kaya Kowalski Lamarr Liskov Lovelace Müller",
    "Nakamura Nguyen O'Brien Okafor Perlman Ritchie Rossi Sato Shannon Silva Sørensen Tanaka Torvalds Turing",
    "Villanueva Wagner Wirth Xu Öztürk Zhang",
)
_TEAMS = ("blue", "green", "red", "violet")


def people(count: int, seed: int = 1) -> Iterator[UserCreate]:
    """`count` users, streamed; the same `seed` gives the same ones, and a longer run begins like a shorter."""
    first_names, last_names = " ".join(_FIRST).split(), " ".join(_LAST).split()
    chance = random.Random(seed)  # noqa: S311 - sample data, not secrets
    for number in range(1, count + 1):
        first, last = chance.choice(first_names), chance.choice(last_names)
        yield UserCreate.model_construct(
            email=f"user{number}@example.com",
            full_name=f"{first} {last}",
            is_active=chance.random() < 0.9,
            attributes={"team": chance.choice(_TEAMS), "number": number},
        )


@retried
def seed_users(count: int, uow: UnitOfWork, seed: int = 1) -> Seeded:
    """Add sample users in one transaction; those whose email is taken are left as they are."""
    loader = Loader(uow, ImportOptions(on_conflict="skip"), noop)
    with uow.change("user.created"):
        uow.bulk.lock_imports()
        loader.begin()
        for batch in prefetch(loader.prepared(batched(map(_row, people(count, seed)), CHUNK))):
            loader.load(batch)
            uow.on_progress(loader.summary.read, count, "writing users")
        uow.commit()
    created = loader.summary.created
    return Seeded(created=created, skipped=count - created, dry_run=uow.dry_run)


def _row(user: UserCreate) -> UserRow:
    text, same = json.dumps(user.attributes), canonical(user.attributes)
    return UserRow(
        user.email,
        email_key(user.email),
        line=0,
        fields={},
        full_name=user.full_name,
        is_active=user.is_active,
        attributes=Attributes(user.attributes, text, same),
    )
