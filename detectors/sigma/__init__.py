"""Sigma rules: read, compiled, matched, correlated, checked and proved."""
