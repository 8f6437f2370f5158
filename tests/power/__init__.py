"""The tester tested: right claims must stay silent, and every mutant of them must be found."""
