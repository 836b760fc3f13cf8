# A customer's account: the function, once for each account and Region, and a role for each provider.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "template_url" {
  description = "The packaged template.yaml in S3, if Terraform is to install the function. Empty: it is installed already."
  type        = string
  default     = ""
}

# The limits of the function's owner: no role can exceed them. Others: the parameters of template.yaml.
resource "aws_cloudformation_stack" "function" {
  count = var.template_url == "" ? 0 : 1

  name         = "service-provider-access"
  template_url = var.template_url
  capabilities = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

  parameters = {
    TrustedAccountIds     = "222222222222,333333333333"
    MinExternalIdLength   = "16"
    MaxSessionDurationCap = "14400"
  }
}

# All settings in Terraform.
module "acme" {
  source     = "../modules/delegated-role"
  depends_on = [aws_cloudformation_stack.function]

  name                    = "acme-access"
  external_aws_account_id = "222222222222"
  external_id             = "THE-ID-THAT-ACME-MADE-FOR-YOU"
  require_mfa             = false
  max_session_duration    = 3600

  managed_policies = {
    enabled = true
    arns    = ["arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"]
  }

  custom_policy = {
    enabled = true
    content = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid      = "ReadTheHandover"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:aws:s3:::acme-handover/*"
      }]
    })
  }
}

# The same from a file, which people without Terraform can read and change.
module "auditor" {
  source     = "../modules/delegated-role"
  depends_on = [aws_cloudformation_stack.function]

  name               = "auditor-access"
  configuration_file = "${path.module}/auditor.yaml"
}

output "acme_role_arn" {
  value = module.acme.role_arn
}

output "auditor_role_arn" {
  value = module.auditor.role_arn
}

output "auditor_external_id" {
  value     = module.auditor.external_id
  sensitive = true
}

output "warnings" {
  value = compact([module.acme.warnings, module.auditor.warnings])
}
