// Takes events from the Lambda Runtime API. It does less than Lambda's own runtime for Node, which favours this function.

const http = require("node:http");
const { handler } = require(`${process.env.LAMBDA_TASK_ROOT}/index.js`);

const agent = new http.Agent({ keepAlive: true });
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request(`${api}/${path}`, { method, agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function main() {
  for (;;) {
    const { headers, body } = await call("GET", "next");
    await handler(JSON.parse(body));
    await call("POST", `${headers["lambda-runtime-aws-request-id"]}/response`, "null");
  }
}

main();
