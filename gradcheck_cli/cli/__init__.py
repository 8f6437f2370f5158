"""The command line: reads options, calls `run`, prints what `report` says."""
