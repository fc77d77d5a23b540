class DeepALError(ValueError):
    """Something the user can put right. The message names the place and the remedy; the command
    line prints it without a traceback."""
