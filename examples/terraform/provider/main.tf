# The provider's side: Terraform works in the customer's account through the role.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "role_arn" {
  description = "The ARN of the customer's role."
  type        = string
}

variable "external_id" {
  description = "The external ID that you made for this customer. Give it in the environment, as TF_VAR_external_id."
  type        = string
  sensitive   = true
}

variable "mfa_role_arn" {
  description = "The ARN of a role that requires MFA."
  type        = string
}

# Without MFA: a role, a user or a service of your account.
provider "aws" {
  assume_role {
    role_arn     = var.role_arn
    external_id  = var.external_id
    session_name = "terraform"
    duration     = "1h"
  }
}

# With MFA: an IAM user of your account. Terraform cannot ask for a code, so it starts with credentials that have used one. Write
# what the following command prints into the profile provider-mfa of ~/.aws/credentials:
#   aws sts get-session-token --serial-number arn:aws:iam::ACCOUNT:mfa/DEVICE --token-code CODE
provider "aws" {
  alias   = "with_mfa"
  profile = "provider-mfa"

  assume_role {
    role_arn     = var.mfa_role_arn
    external_id  = var.external_id
    session_name = "terraform"
  }
}

data "aws_caller_identity" "customer" {}

data "aws_caller_identity" "customer_with_mfa" {
  provider = aws.with_mfa
}

output "customer_account" {
  value = data.aws_caller_identity.customer.account_id
}

output "customer_account_with_mfa" {
  value = data.aws_caller_identity.customer_with_mfa.account_id
}
