"""Reviews: documents that say how things stand, made from what the store knows. Reports print them."""
