"""The file system that a file lies on, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mounts")
_OCTAL = re.compile(r"\\([0-7]{3})")
#: File systems whose locks or shared memory other machines may not see.
_NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"),
        *("nfs4", "ocfs2", "orangefs", "smb3", "smbfs"),
        *("fuse.ceph", "fuse.davfs", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
    }
)


def network_file_system(path: Path) -> str | None:
    """The type of the network file system that holds a file, or where it would be; None for a local one."""
    place = path.resolve()
    found, longest = "", -1
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # no Linux
        return None
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        folder = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), point))
        if len(folder.parts) >= longest and place.is_relative_to(folder):  # the last one lies on top
            found, longest = kind, len(folder.parts)
    return found if found in _NETWORK else None
