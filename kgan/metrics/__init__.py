"""How good, how varied, how new: small pure functions over features."""
