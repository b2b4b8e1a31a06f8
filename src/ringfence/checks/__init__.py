"""One module per check. A new check is one new file: it is found by its `CHECK` (`checks.registry`)."""
