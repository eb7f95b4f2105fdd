"""The audit trail of a period as a report."""
