// A custom resource as many teams write it for Node: the AWS SDK v3, one call after the other.

import https from "node:https";
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";

const iam = new IAMClient({});

async function create(properties) {
  const name = properties.RoleName;
  const trust = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Principal: { AWS: `arn:aws:iam::${properties.ExternalAwsAccountId}:root` },
        Condition: { StringEquals: { "sts:ExternalId": properties.ExternalId } },
      },
    ],
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: name,
      Path: properties.Path,
      Description: properties.Description,
      MaxSessionDuration: Number(properties.MaxSessionDuration),
      AssumeRolePolicyDocument: JSON.stringify(trust),
      PermissionsBoundary: process.env.REQUIRED_PERMISSIONS_BOUNDARY,
      Tags: properties.Tags,
    }),
  );
  for (const PolicyArn of properties.ManagedPolicyArns) {
    await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn }));
  }
  const PolicyDocument = JSON.stringify(properties.CustomPolicy);
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "custom", PolicyDocument }));
  return { PhysicalResourceId: name, Data: { RoleArn: Role.Arn, RoleName: name, ExternalId: properties.ExternalId } };
}

function answer(event, result) {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({ StackId, RequestId, LogicalResourceId, ...result });
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const request = https.request(event.ResponseURL, { method: "PUT", headers }, (response) => {
      response.resume();
      response.on("end", resolve);
    });
    request.on("error", reject);
    request.end(body);
  });
}

export async function handler(event) {
  try {
    const result = await create(event.ResourceProperties);
    await answer(event, { Status: "SUCCESS", ...result });
  } catch (error) {
    await answer(event, { Status: "FAILED", Reason: String(error), PhysicalResourceId: event.RequestId });
  }
}
