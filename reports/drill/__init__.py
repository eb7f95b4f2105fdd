"""The drill report (outline after the summary template of GB/T 38645-2020)."""
