"""The report on a real incident: what the national measures ask for, and what GB/T 20986 classifies it as."""
