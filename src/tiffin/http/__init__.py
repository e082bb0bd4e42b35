"""Floor 1: what every HTTP endpoint shares, on FastAPI.

Who is asking (`authentication`), errors as problem+json (`problems`), ETags (`conditional`), pages (`pagination`),
rate limits (`limits`). Feature routes are built by a function that receives the service and returns an APIRouter.
"""

# every path of the API begins with it; routers carry it themselves, so that none is nested in another:
# matching nested routers cost half a millisecond a request
V1 = "/v1"
