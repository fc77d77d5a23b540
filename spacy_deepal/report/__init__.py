"""The report about runs: learning curves, tables and the selected sentences in one HTML file."""
