"""The roles: prompt in, typed answer or changed snapshot out."""
