"""`python -m tests.apps.user_service DESCRIPTOR`: serve on a socket that is open already."""

from __future__ import annotations

import socket
import sys

import uvicorn

from tests.apps.user_service.app import create_app


def main() -> None:
    config = uvicorn.Config(create_app, factory=True, log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
