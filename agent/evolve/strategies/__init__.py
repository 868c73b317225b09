"""The strategies, one a file; the class is named after the file."""
