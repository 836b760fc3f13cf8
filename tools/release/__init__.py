"""`make release`: writes dist/, all that a release consists of. The same commit gives the same bytes, also in another directory.

    source      version, commit and time: what a release is made from
    programs    builds the function and the command with `--locked`, and refuses a program that names a path of this machine
    archives    zip and tar.gz with fixed times, order, owners and modes
    templates   the templates, with the name of the zip instead of `CodeUri: .`
    components  the software bill of materials (CycloneDX), from what cargo says
    contents    the files of one release archive, with their sums
"""
