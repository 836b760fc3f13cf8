"""Tests of the programs in tools/ that need no AWS, not even a local one."""
