"""The tests of Twokey."""
