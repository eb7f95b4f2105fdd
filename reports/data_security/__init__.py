"""The data-security assessment as a report (flow of GB/T 45577-2025)."""
