# Short names for what scripts/ does; every script works without make as well.

.PHONY: help db-migrate test fast check bench docs

help: # list the targets
	@grep -E '^[a-z-]+:.*# ' Makefile | sed 's/: *# */\t/' | expand -t 14

db-migrate: # upgrade the schema of the database that `usercli config show` names
	. scripts/environment && "$$environment/bin/usercli" db upgrade

test: # lint, types and the whole suite on SQLite and PostgreSQL
	scripts/test

fast: # the tests that start no process and are not slow
	scripts/test fast

check: # lint, formatting and types
	scripts/check

bench: # a benchmark: make bench NAME=import
	scripts/bench $(or $(NAME),startup)

docs: # write the reference, the manual pages and the recorded tour anew
	scripts/reference
	. scripts/environment && "$$environment/bin/python" scripts/tour
