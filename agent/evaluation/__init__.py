"""Grading: one patch by its hidden tests, or the predictions for a whole dataset."""
