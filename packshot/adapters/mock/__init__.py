"""A provider that does what it is told: for tests, demonstrations and measurements."""
