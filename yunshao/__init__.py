"""The ground: words, ports and figures that two or more stages share."""

__version__ = "0.1.0"
