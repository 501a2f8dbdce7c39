"""What plans, runs and log entries are called in words: the one home of the sentences that every face renders.

Functions here are pure; they know neither a terminal nor a screen. They give lines whose parts carry a meaning; the
command line prints them, the terminal UI lays them out.
"""
