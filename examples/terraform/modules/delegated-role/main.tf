resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/role.yaml")
  parameters    = local.parameters
  tags          = var.stack_tags

  lifecycle {
    precondition {
      condition     = contains(keys(local.parameters), "ExternalAwsAccountId")
      error_message = "Give external_aws_account_id, as a variable or in the configuration file."
    }
    precondition {
      condition     = !local.custom_policy || can(jsondecode(local.content).Statement)
      error_message = "The content of custom_policy must be a policy document in JSON."
    }
    precondition {
      condition     = length(local.parameters["CustomPolicy"]) <= 4096
      error_message = "CloudFormation takes at most 4096 characters in a parameter. Put a longer policy into a managed policy, and name it in managed_policies."
    }
    precondition {
      condition     = !local.managed_policies || length(local.arns) > 0
      error_message = "Give managed_policies some arns, or set enabled to false."
    }
  }
}
