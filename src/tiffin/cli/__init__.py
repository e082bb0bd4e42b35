"""Floor 5: the command line. `main.py` holds the application, every other file one command.

A command decodes its options, calls what does the work and prints what happened. An expected failure is one
sentence that says what to do, on stderr, with exit code 1 (it did not work) or 2 (it was asked wrongly).

What takes long to import (Alembic, the application, the client, the demo) is imported by the function that needs it.
"""
