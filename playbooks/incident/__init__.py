"""Real incidents: what is known of one, what is done about it, what must be reported. Pure."""
