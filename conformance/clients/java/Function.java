import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.HashMap;
import java.util.Map;

/** What every client's function does: as {@code do} in the event says. */
public class Function implements RequestHandler<Map<String, Object>, Object> {
  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    String what = (String) event.get("do");
    switch (what) {
      case "echo":
        return event;
      case "nothing":
        return null;
      case "context":
        Map<String, Object> told = new HashMap<>();
        told.put("requestId", context.getAwsRequestId());
        told.put("arn", context.getInvokedFunctionArn());
        told.put("remainingMs", context.getRemainingTimeInMillis());
        told.put("name", context.getFunctionName());
        told.put("memory", String.valueOf(context.getMemoryLimitInMB()));
        told.put("custom", context.getClientContext() == null ? null : context.getClientContext().getCustom());
        told.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));
        return told;
      case "throw":
        throw new IllegalArgumentException("thrown on purpose");
      case "exit":
        Runtime.getRuntime().halt(3);
        return null;
      case "sleep":
        try {
          Thread.sleep(60_000);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
        }
        return null;
      case "large":
        return "x".repeat((Integer) event.get("bytes"));
      case "log":
        System.out.println(event.get("line"));
        return "logged";
      default:
        throw new IllegalArgumentException("no such thing to do: " + what);
    }
  }
}
