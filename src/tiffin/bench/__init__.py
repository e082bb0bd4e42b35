"""Floor 5: benchmarks, one file each. Each starts what it needs in a temporary folder and measures by the client.

Figures depend on the machine and on what else runs on it: each result carries its environment, and load that fell
behind its schedule is reported, not hidden.
"""
