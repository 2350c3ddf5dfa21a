"""Engine, unit of work, error translation and migrations."""
