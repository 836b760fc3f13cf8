"""`make bench`: measures the function against a Python and a Node function that do the same work, on this machine.

Each function is a process of its own under an emulated Lambda Runtime API. All three talk to the same fake IAM and the same fake
response bucket, over TLS. docs/performance.md describes the method and its limits.
"""
