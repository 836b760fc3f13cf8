"""`make deploy`: builds the function and deploys it with `sam deploy`. It asks nothing, so it works without a terminal.

    parameters  from the environment and from a file that git ignores
    stack       what the deployed stack has already
    sam         runs `sam build` and `sam deploy`; the parameters are in no argument and in no tracked file
"""
