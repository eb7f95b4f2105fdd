"""Ways to people outside the console, each as its service wants to be spoken to."""
