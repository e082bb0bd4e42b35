"""Floor 1: ways through the city and how long a courier's bicycle takes for them.

Three sources, the best first: an OSRM-compatible router (`router`), a street graph in a file (`streets`), the straight
line (`way`). `Routes` asks them in this order; what is down or knows nothing of the points is passed over, so there
always is an answer and only a broken file is an error, at the start.
"""

from tiffin.routing.routes import Routes
from tiffin.routing.street_graph import BrokenStreetGraph
from tiffin.routing.way import Source, Way

__all__ = ["BrokenStreetGraph", "Routes", "Source", "Way"]
