"""The shapes that cross the socket."""
