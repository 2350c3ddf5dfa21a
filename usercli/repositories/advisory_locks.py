"""The advisory locks of PostgreSQL that transactions take, by what they protect."""

from __future__ import annotations

AUDIT_LOG = 0x61756469744C6F67  # "auditLog" in ASCII
IMPORTS = 0x696D706F7274  # "import" in ASCII
ROLE_DEFINITIONS = 0x726F6C6573  # "roles" in ASCII
MIGRATIONS = 0x75736572636C69  # "usercli" in ASCII

#: What a message calls them.
NAMES = {
    AUDIT_LOG: "the end of the audit log",
    IMPORTS: "the lock of imports",
    ROLE_DEFINITIONS: "the lock of role definitions",
    MIGRATIONS: "the lock of migrations",
}
