"""Controls of a framework: the catalogue, what evidence says of them, and which are asked of people."""
