"""`make publish`: publishes the function's code for the accounts of an organization, and prints the commands that deploy it.

The settings are make's variables. Progress goes to standard error, the commands go to standard output.
"""
