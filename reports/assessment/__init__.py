"""The risk-assessment report (outline after GB/T 20984-2022)."""
