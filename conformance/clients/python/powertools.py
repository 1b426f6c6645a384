from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
from aws_lambda_powertools.metrics import MetricUnit

app = LambdaFunctionUrlResolver()
logger = Logger(service="shop")
metrics = Metrics(namespace="Shop", service="shop")


@app.get("/orders/<order>")
def order(order):
    metrics.add_metric(name="OrderSeen", unit=MetricUnit.Count, value=1)
    logger.info("an order was asked for", extra={"order": order})
    return {"order": order, "query": app.current_event.query_string_parameters}


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)
