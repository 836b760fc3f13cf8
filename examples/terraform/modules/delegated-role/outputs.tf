output "role_arn" {
  description = "The ARN of the role, for the provider."
  value       = aws_cloudformation_stack.this.outputs["RoleArn"]
}

output "role_name" {
  description = "The name of the role."
  value       = aws_cloudformation_stack.this.outputs["RoleName"]
}

output "external_id" {
  description = "The external ID that the provider must send."
  value       = aws_cloudformation_stack.this.outputs["ExternalId"]
  sensitive   = true
}

output "switch_role_url" {
  description = "The console's switch-role link; empty when an external ID is required."
  value       = aws_cloudformation_stack.this.outputs["SwitchRoleUrl"]
}

output "terraform_provider" {
  description = "A provider block, for a provider who uses Terraform."
  value       = aws_cloudformation_stack.this.outputs["TerraformProvider"]
  sensitive   = true
}

output "aws_config_profile" {
  description = "A profile for the provider's ~/.aws/config."
  value       = aws_cloudformation_stack.this.outputs["AwsConfigProfile"]
  sensitive   = true
}

output "warnings" {
  description = "What you should check, one per line; empty if there is nothing."
  value       = aws_cloudformation_stack.this.outputs["Warnings"]
}
