"""The apps: one page each, a function `train` whose signature is its config and its command line."""
