"""What the two Azure sources share: one cloud writes its records in four spellings."""
