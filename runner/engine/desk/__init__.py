"""The signing desk: the only way by which what people sign takes effect."""
