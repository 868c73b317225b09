"""Statistics for comparing searches and for judging probabilities: estimates, intervals, tests, calibration."""
