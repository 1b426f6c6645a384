//! What every client's function does: as `do` in the event says.

use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    match event["do"].as_str().unwrap_or_default() {
        "echo" => Ok(event),
        "nothing" => Ok(Value::Null),
        "context" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
            let custom = context.client_context.map(|client| json!(client.custom));
            Ok(json!({
                "requestId": context.request_id,
                "arn": context.invoked_function_arn,
                "remainingMs": context.deadline.saturating_sub(now),
                "name": context.env_config.function_name,
                "memory": context.env_config.memory.to_string(),
                "custom": custom,
                "trace": context.xray_trace_id,
            }))
        }
        "throw" => Err("thrown on purpose".into()),
        "exit" => std::process::exit(3),
        "sleep" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Value::Null)
        }
        "large" => Ok("x".repeat(event["bytes"].as_u64().unwrap_or(0) as usize).into()),
        "log" => {
            println!("{}", event["line"].as_str().unwrap_or_default());
            Ok("logged".into())
        }
        other => Err(format!("no such thing to do: {other}").into()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
