"""The scorecard of the cloud chiefs: indicators, points, grades."""
