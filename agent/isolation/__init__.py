"""Running a design that nobody has read: in a sandbox of its own, with the kit behind a pipe."""
