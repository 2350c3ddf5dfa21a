"""Use cases: one function each; they open the unit of work and commit it."""
