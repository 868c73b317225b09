"""Which candidate is right, and how sure that is: the candidate x test matrix, agreement, a posterior, abstention."""
