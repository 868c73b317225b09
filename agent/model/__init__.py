"""The thin layer over language models: one function, its failures, prices, journal and recordings."""
