"""The self-check of graded protection (MLPS) as a report."""
