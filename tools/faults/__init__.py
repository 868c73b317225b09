"""Where a fault lies, told from which lines failing and passing tests execute."""
