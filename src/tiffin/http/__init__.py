"""Floor 1: what every HTTP endpoint shares, on FastAPI.

Who is asking (`authentication`), errors as problem+json (`problems`), ETags (`conditional`), pages (`pagination`),
rate limits (`limits`). Feature routes are built by a function that receives the service and returns an APIRouter.
"""
