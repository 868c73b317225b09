"""Evolving designs: an archive, whom to develop further, who writes the next one, and an honest end."""
