"""Random IAM policies, judged by our validation and by two validators that are not ours: moto and parliament.

    documents   policies made at random, each by a seed and a number
    valid       valid ones
    breaks      what can be broken in them
    oddities    the values that they are broken with
    validators  the three validators: what each of them refuses, and why
    differences every known difference between them, with its reason: a table
    features    what a difference is about, taken out of a policy
    comparison  judges a document by all three and explains the differences by the table
    __main__    compares random documents for some seconds: `make differential`
    test_*      the table's own samples, and a short run
"""
