//! An extension on AWS's own crate: it reads every record with the crate's types, and notes what it understood.
//! Anything that it cannot read makes the crate refuse the whole batch.

use lambda_extension::{service_fn, Error, Extension, LambdaTelemetry, NextEvent, SharedService};
use std::{fs::OpenOptions, io::Write};

async fn take(records: Vec<LambdaTelemetry>) -> Result<(), Error> {
    let file = std::env::var("NOTES")?;
    let mut notes = OpenOptions::new().create(true).append(true).open(file)?;
    for record in records {
        writeln!(notes, "{}", serde_json::to_string(&record)?)?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    Extension::new()
        .with_events_processor(service_fn(|event: lambda_extension::LambdaEvent| async move {
            if let NextEvent::Shutdown(_) = event.next {
                std::process::exit(0);
            }
            Ok::<(), Error>(())
        }))
        .with_telemetry_processor(SharedService::new(service_fn(take)))
        .run()
        .await
}
