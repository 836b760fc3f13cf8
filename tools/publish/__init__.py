"""`make publish`: the function's code for the accounts of an organization, and the commands that bring it there.

What is wished comes from make's variables. Progress goes to the standard error, the commands to the standard output.
"""
