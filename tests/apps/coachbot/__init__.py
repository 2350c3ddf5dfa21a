"""A chat-bot's data layer, built on usercli's: an example that the tests run (docs/application-tables.md)."""
