"""Decides: the only layer that talks to a model, to a person, to the network."""
