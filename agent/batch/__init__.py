"""Many tasks: which are done, what runs now, what comes out. The output folder is the state."""
