"""The whole product on a local AWS that enforces IAM: `make demo`, `make rehearse` and the end-to-end tests.

    sam        builds and deploys, as a user does
    overlay    the customer's template, widened where the local AWS falls short of AWS
    emulator   the local AWS: started for one run, always stopped
    between    what that does not know, answered as AWS does
    mended     what it gets wrong when accounts have functions of the same name
    keeper     the process that makes sure of "always"
    accounts   the customer, the provider, a stranger: what each of them can do
    stacks     CloudFormation, and what it said
    onboarding the examples of both sides, played through
    demo       the story that `make demo` tells: the customer's half
    demo_*     the provider's half
    rehearse   what `make rehearse` shows: a StackSet's life in an organization
    stacksets  the order in which StackSets make stacks
    members    an account of the organization
    ledger     what the functions did, by their own logs
    story      how it is told
    progress   how far it is
    test_*     the same machinery, asked harder questions
"""
