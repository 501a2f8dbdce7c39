"""The terminal UI of Twokey; talks to the service through `runner.client` only."""
