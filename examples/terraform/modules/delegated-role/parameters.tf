# The parameters of the stack, from the variables and the configuration file.

locals {
  file = yamldecode(var.configuration_file == null ? "{}" : file(var.configuration_file))

  # Settings that are one parameter each.
  variables = {
    external_aws_account_id     = var.external_aws_account_id
    require_external_id         = var.require_external_id
    require_mfa                 = var.require_mfa
    mfa_max_age                 = var.mfa_max_age
    allowed_principal_arns      = var.allowed_principal_arns
    principal_org_id            = var.principal_org_id
    source_ips                  = var.source_ips
    expires_at                  = var.expires_at
    permissions_boundary        = var.permissions_boundary
    max_session_duration        = var.max_session_duration
    allow_session_tags          = var.allow_session_tags
    allow_source_identity       = var.allow_source_identity
    allow_administrative_access = var.allow_administrative_access
    policy_ownership            = var.policy_ownership
    revoke_sessions             = var.revoke_sessions
    role_name                   = var.role_name
    path                        = var.path
    description                 = var.description
    home_region                 = var.home_region
    revision                    = var.revision
  }

  # A variable that is given counts more than the file.
  settings = merge(local.file, { for name, value in local.variables : name => value if value != null })

  external_id      = sensitive(var.external_id != null ? var.external_id : tostring(lookup(local.file, "external_id", "")))
  managed_policies = var.managed_policies != null ? var.managed_policies.enabled : lookup(lookup(local.file, "managed_policies", {}), "enabled", false)
  arns             = var.managed_policies != null ? var.managed_policies.arns : lookup(lookup(local.file, "managed_policies", {}), "arns", [])
  custom_policy    = var.custom_policy != null ? var.custom_policy.enabled : lookup(lookup(local.file, "custom_policy", {}), "enabled", false)
  content          = var.custom_policy != null ? var.custom_policy.content : lookup(lookup(local.file, "custom_policy", {}), "content", "")

  # external_aws_account_id is ExternalAwsAccountId, and so on. A list becomes values separated by commas.
  parameters = merge(
    {
      for name, value in local.settings :
      join("", [for word in split("_", name) : title(word)]) => try(join(",", value), tostring(value))
      if contains(keys(local.variables), name)
    },
    {
      ExternalId        = local.external_id
      ManagedPolicyArns = local.managed_policies ? join(",", local.arns) : ""
      CustomPolicy      = local.custom_policy ? local.content : ""
    },
  )
}
