"""What `yunshao rules` does, one file a subcommand."""
