"""What runs have come to: the report in one HTML file, and the status and forecast of one run."""
