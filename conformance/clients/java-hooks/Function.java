import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.crac.Core;
import org.crac.Resource;

/** Hooks of SnapStart by CRaC, as an app has them. The variable HOOKS names the hook that throws, if any does. */
public class Function implements RequestHandler<Map<String, Object>, Object> {
  private static final List<String> steps = new CopyOnWriteArrayList<>(List.of("init"));
  private static final Map<String, String> made = new ConcurrentHashMap<>(Map.of("init", UUID.randomUUID().toString()));
  // Held weakly by the client: who wants a hook keeps its resource.
  private static final List<Resource> resources = List.of(new Step("first"), new Step("second"));

  static {
    for (Resource resource : resources) Core.getGlobalContext().register(resource);
  }

  private record Step(String name) implements Resource {
    @Override
    public void beforeCheckpoint(org.crac.Context<? extends Resource> context) {
      take("before " + name);
    }

    @Override
    public void afterRestore(org.crac.Context<? extends Resource> context) {
      made.putIfAbsent("restore", UUID.randomUUID().toString());
      take("after " + name);
    }

    private static void take(String step) {
      steps.add(step);
      System.out.println("hook: " + step);
      if (step.equals(System.getenv("HOOKS"))) throw new IllegalStateException("thrown on purpose");
    }
  }

  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    // Until the file is there: whoever asks meanwhile needs a copy of its own.
    while (event.containsKey("until") && Files.notExists(Path.of((String) event.get("until")))) LockSupport.parkNanos(10_000_000);
    return Map.of("steps", steps, "made", made);
  }
}
