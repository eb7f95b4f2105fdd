"""What every report shares: words, look, charts, the two page makers."""
