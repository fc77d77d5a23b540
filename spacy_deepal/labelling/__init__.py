"""People label in the browser: the page, its journal, and the model that learns meanwhile."""
