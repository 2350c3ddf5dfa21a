"""The command line: commands parse, call one service, show the result."""
