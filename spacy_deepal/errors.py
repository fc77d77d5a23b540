"""The error that all of this package raises."""


class DeepALError(ValueError):
    """Something that the user can put right. The message names the place and the remedy. The
    command line prints it without a traceback."""
