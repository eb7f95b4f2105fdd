"""The posture report of a month, for chiefs."""
