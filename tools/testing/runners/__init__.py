"""The ways to run tests, one a file."""
