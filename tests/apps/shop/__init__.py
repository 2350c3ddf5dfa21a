"""A shop on usercli, written from docs/embedding.md: `service` with an event loop, `threaded` with threads."""
