// What every client's function does: as `do` in the event says.
exports.handler = async (event, context) => {
  switch (event.do) {
    case "echo":
      return event;
    case "nothing":
      return null;
    case "context":
      return {
        requestId: context.awsRequestId,
        arn: context.invokedFunctionArn,
        remainingMs: context.getRemainingTimeInMillis(),
        name: context.functionName,
        memory: context.memoryLimitInMB,
        custom: context.clientContext?.custom ?? null,
        trace: process.env._X_AMZN_TRACE_ID,
      };
    case "throw":
      throw new RangeError("thrown on purpose");
    case "exit":
      process.exit(3);
    case "sleep":
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return null;
    case "large":
      return "x".repeat(event.bytes);
    case "log":
      console.log(event.line);
      return "logged";
    default:
      throw new Error(`no such thing to do: ${event.do}`);
  }
};

exports.streaming = awslambda.streamifyResponse(async (event, stream) => {
  const http = awslambda.HttpResponseStream.from(stream, {
    statusCode: 201,
    headers: { "content-type": "text/plain", "x-client": "node" },
    cookies: ["a=1", "b=2"],
  });
  http.write("first ");
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (event.rawPath === "/breaks") {
    http.destroy(new Error("broken on purpose"));
    return;
  }
  http.end("second");
});
