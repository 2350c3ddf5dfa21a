"""The rules for a password that is set: the policy first, then the hash, both as the settings ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from usercli.hash_forms import require_hash
from usercli.passwords import PasswordHasher
from usercli.services.policy import PasswordPolicy

if TYPE_CHECKING:
    from usercli.config import Settings


def configured_hasher(settings: Settings, scheme: str | None = None) -> PasswordHasher:
    """The hasher of the settings, or of another scheme. Raises InvalidInput."""
    return PasswordHasher(
        scheme or settings.password_scheme, settings.bcrypt_cost, configured_pepper_file(settings)
    )


def configured_pepper_file(settings: Settings) -> Path | None:
    """The file with the pepper of hashes from elsewhere."""
    given = settings.pepper_file
    return Path(given).expanduser() if given else None


def configured_policy(settings: Settings) -> PasswordPolicy:
    """The policy of the settings. Raises InvalidInput."""
    return PasswordPolicy(
        settings.password_min_length,
        Path(settings.blocklist) if settings.blocklist else None,
        settings.service_name or None,
    )


@dataclass(frozen=True)
class PasswordRules:
    """What a plain password has to be; without a `policy`, only what the hasher can hash."""

    hasher: PasswordHasher
    policy: PasswordPolicy | None = None

    def check(self, password: str, *about: str) -> None:
        """Raise PasswordRefused or InvalidInput; `about` is the user's email and name."""
        self.hasher.require_hashable(password)
        if self.policy is not None:
            self.policy.check(password, *about)


@dataclass(frozen=True)
class NewPassword:
    """A password that a user is to get: plain with a `hasher`, else a ready hash; None is no password.

    Without a `policy` a plain one is hashed as it is.
    """

    secret: str | None = field(repr=False)
    hasher: PasswordHasher | None = None
    policy: PasswordPolicy | None = None

    def hashed(self, *about: str, dry_run: bool = False) -> str | None:
        """What to store; `about` is the user's email and name. A dry run checks and hashes nothing.

        Raises PasswordRefused, and InvalidInput for what cannot be hashed or is no hash.
        """
        if self.secret is None:
            return None
        if self.hasher is None:
            return require_hash(self.secret)
        PasswordRules(self.hasher, self.policy).check(self.secret, *about)
        return None if dry_run else self.hasher.hash(self.secret)
