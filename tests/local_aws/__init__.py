"""The whole product on a local AWS that enforces IAM: `make demo`, `make rehearse` and the end-to-end tests.

The local AWS
    emulator           starts MiniStack for one run and always stops it
    supervisor         the process that makes sure that it is stopped
    ministack_patches  corrections to MiniStack
    proxy              answers for calls that MiniStack does not support

Deployment
    sam                builds and deploys, as a user does
    command            the command delegated-role, as the demo and the tests run it
    build              `make build`
    templates          the shipped templates, and what MiniStack needs changed in them
    stacks             CloudFormation stacks and their results
    stacksets          does what StackSets do, because MiniStack has none
    onboarding         the examples for both sides

Accounts and policies
    constants          shared names and numbers
    accounts           accounts, users and sessions
    member_accounts    the accounts of an organization
    policies           IAM policy documents
    deny_policies      the policies that the function adds to every role
    direct_calls       calls of the function whose answer is JSON: the audit, the access check
    function_logs      requests and AWS calls, from the functions' logs

Programs
    demo                 the customer's part of `make demo`
    demo_plan            the plans of the customer's part
    demo_provider        the provider's part
    demo_audit           the day after
    rehearse             `make rehearse`
    report, progress     their output

Tests
    fixtures           the environment and the base classes of the tests
    publishing         the base class of the tests of `make publish`
    printed_commands   reads the commands that `make publish` prints
    portal_page        runs the code of docs/portal.md
    test_*             the end-to-end tests
"""
