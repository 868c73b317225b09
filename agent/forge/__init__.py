"""Where issues are read from and patches are offered to: GitHub and GitLab behind one Protocol."""
