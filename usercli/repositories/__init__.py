"""Named questions to the database; every query lives here."""
