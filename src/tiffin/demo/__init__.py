"""Floor 5: a city to look at. Seeds restaurants and people, lets them order and cook, and counts what they saw.

Reaches the system by the public API alone, through `tiffin.client`; the server it starts is a `tiffin up` of its own.
The streets of Helsinki are real; every restaurant, menu and person here is invented.
"""
