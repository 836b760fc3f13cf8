# What is left out (null) has the value of configuration_file, or without that the default of the function.

variable "name" {
  description = "The name of the stack. The name of the role is derived from it, unless role_name is given."
  type        = string
}

variable "configuration_file" {
  description = "A YAML file with any of the settings below, under the same names. A variable that is given counts more than the file."
  type        = string
  default     = null

  validation {
    condition = var.configuration_file == null ? true : length(setsubtract(keys(yamldecode(file(var.configuration_file))), [
      "external_aws_account_id", "external_id", "require_external_id", "require_mfa", "mfa_max_age", "allowed_principal_arns",
      "principal_org_id", "source_ips", "expires_at", "managed_policies", "custom_policy", "permissions_boundary",
      "max_session_duration", "allow_session_tags", "allow_source_identity", "allow_administrative_access", "policy_ownership", "revoke_sessions", "role_name", "path",
      "description", "home_region", "revision",
    ])) == 0
    error_message = "The configuration file has a setting that this module does not know."
  }

  validation {
    condition = var.configuration_file == null ? true : alltrue([
      for feature, fields in { custom_policy = ["enabled", "content"], managed_policies = ["enabled", "arns"] } :
      length(setsubtract(keys(lookup(yamldecode(file(var.configuration_file)), feature, { enabled = false })), fields)) == 0
    ])
    error_message = "In the configuration file, custom_policy has enabled and content, and managed_policies has enabled and arns."
  }
}

variable "external_aws_account_id" {
  description = "The provider's account, which may assume the role: 12 digits, or up to ten accounts separated by commas. Required, here or in configuration_file."
  type        = string
  default     = null
}

variable "external_id" {
  description = "The ID that the provider must send to assume the role. Left out, a strong one is generated: see the output external_id."
  type        = string
  default     = null
  sensitive   = true
}

variable "require_external_id" {
  description = "false admits the account without an external ID, if the function's owner permits it."
  type        = bool
  default     = null
}

variable "require_mfa" {
  description = "true admits only IAM users who used a second factor. Roles and services never can."
  type        = bool
  default     = null
}

variable "mfa_max_age" {
  description = "How long ago the second factor was used, at most, in seconds. Needs require_mfa."
  type        = number
  default     = null
}

variable "allowed_principal_arns" {
  description = "The only roles and users of the account that may assume the role. A * is allowed at the end."
  type        = list(string)
  default     = null
}

variable "principal_org_id" {
  description = "The organization that callers must belong to."
  type        = string
  default     = null
}

variable "source_ips" {
  description = "The only public CIDR ranges that may assume the role."
  type        = list(string)
  default     = null
}

variable "expires_at" {
  description = "When access ends, sessions included, such as 2027-01-31T18:00:00Z."
  type        = string
  default     = null
}

variable "managed_policies" {
  description = "Managed policies to attach: those of AWS, or of this account."
  type = object({
    enabled = bool
    arns    = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.managed_policies == null ? true : !var.managed_policies.enabled || length(var.managed_policies.arns) > 0
    error_message = "Give arns, or set enabled to false."
  }
}

variable "custom_policy" {
  description = "A policy document in JSON, which the role gets as an inline policy."
  type = object({
    enabled = bool
    content = optional(string, "")
  })
  default = null

  validation {
    condition     = var.custom_policy == null ? true : !var.custom_policy.enabled || can(jsondecode(var.custom_policy.content).Statement)
    error_message = "Give content as a policy document in JSON, or set enabled to false."
  }
}

variable "permissions_boundary" {
  description = "The ARN of the permissions boundary. Left out, the owner's."
  type        = string
  default     = null
}

variable "max_session_duration" {
  description = "How long a session lasts at most, in seconds: 3600 to 43200."
  type        = number
  default     = null
}

variable "allow_session_tags" {
  description = "true lets callers pass session tags."
  type        = bool
  default     = null
}

variable "allow_source_identity" {
  description = "true lets callers set a source identity."
  type        = bool
  default     = null
}

variable "allow_administrative_access" {
  description = "true accepts administrator-equivalent permissions, if the function's owner permits it."
  type        = bool
  default     = null
}

variable "policy_ownership" {
  description = "Exclusive removes policies that others put on the role; Declared leaves them."
  type        = string
  default     = null
}

variable "revoke_sessions" {
  description = "OnNarrowing ends sessions when the trust narrows; Never leaves them."
  type        = string
  default     = null
}

variable "role_name" {
  description = "The name of the role. Changing it replaces the role."
  type        = string
  default     = null
}

variable "path" {
  description = "The path of the role. It must start with the owner's role path prefix, which is the default."
  type        = string
  default     = null
}

variable "description" {
  description = "The description of the role."
  type        = string
  default     = null
}

variable "home_region" {
  description = "The Region whose stack manages the role for all Regions. Needs role_name."
  type        = string
  default     = null
}

variable "revision" {
  description = "Change it to have changes that were made by hand corrected."
  type        = string
  default     = null
}

variable "stack_tags" {
  description = "Tags of the stack. CloudFormation does not pass them on to the role."
  type        = map(string)
  default     = {}
}
