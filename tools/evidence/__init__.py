"""What the text of candidates and of generated tests says, read without running anything."""
