"""Signing in, for services that embed the package; `usercli password verify` is its command-line face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from usercli.database.unit_of_work import UnitOfWork
from usercli.errors import AnswerIsNo, InvalidInput, UserCliError
from usercli.passwords import PasswordHasher
from usercli.schemas.users import UserKey, UserView


class SignInRefused(AnswerIsNo):
    """The address or the password is wrong, or the user may not sign in; which of them is not told.

    `lacks` is what the stored hash needs and is not there: an extra, a libcrypt, the setting pepper_file.
    """

    def __init__(self, *args: object, lacks: str | None = None) -> None:
        super().__init__(*args)
        self.lacks = lacks


@dataclass(frozen=True)
class SignIn:
    """A successful sign-in."""

    user: UserView
    must_change_password: bool


class AuthService:
    """Checks who may come in.

    `unit_of_work` makes a new unit of work for each step; it takes `read_only`. A sign-in is not a change:
    version and updated_at stay, no event is written, and a database that
    cannot be written does not keep anybody out.
    """

    def __init__(self, unit_of_work: Callable[..., UnitOfWork], hasher: PasswordHasher) -> None:
        self._unit_of_work, self._hasher = unit_of_work, hasher

    def authenticate(self, email: str, password: str) -> SignIn:
        """Let a user in by email and password. Raises SignInRefused, after the same work for everybody."""
        try:
            key: UserKey | None = UserKey.parse(f"email:{email}")
        except InvalidInput:  # nobody's address; refused like any other, after the same work
            key = None
        return self.verify(key, password, record_login=True)

    def verify(
        self, key: UserKey | None, password: str, *, rehash: bool = True, record_login: bool = False
    ) -> SignIn:
        """Check a password. Exactly one hash is computed, whether the user is there, active, expired or not.

        `rehash` makes and stores a better hash after a success, where the stored one is below the policy.
        Raises SignInRefused.
        """
        with self._unit_of_work(read_only=True) as uow:
            user = uow.users.find_existing(key) if key is not None else None
            stored = user.hashed_password if user is not None else None
            view = UserView.model_validate(user) if user is not None else None
        verdict = self._hasher.verify(password, stored)
        if not verdict.ok or view is None or not view.may_sign_in():
            raise SignInRefused("refused", lacks=verdict.lacks)
        better_hash = self._hasher.better_hash(password) if rehash and verdict.outdated else None
        self._after(view, stored or "", better_hash, record_login)
        return SignIn(view, view.must_change_password)

    def _after(self, view: UserView, stored: str, better_hash: str | None, record_login: bool) -> None:
        if better_hash is None and not record_login:
            return
        try:
            with self._unit_of_work() as uow:
                uow.users.record_sign_in(
                    view.id, at=uow.now() if record_login else None, stored=stored, better_hash=better_hash
                )
                uow.commit()
        except UserCliError:  # a read-only server, a lock: the sign-in itself stands
            pass
