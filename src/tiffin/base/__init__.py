"""Floor 0: what every other package may use and what knows none of them.

Settings, errors, ids, the clock, money, geography, who is asking (principal) and telemetry.
"""
