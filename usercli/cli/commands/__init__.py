"""The commands: each parses, calls one service, and shows the result."""
