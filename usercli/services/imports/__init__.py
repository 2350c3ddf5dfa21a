"""Import users from a file: all or nothing, or exactly once in pieces."""
