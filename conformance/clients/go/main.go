// What every client's function does: as `do` in the event says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var event struct {
		Do    string `json:"do"`
		Bytes int    `json:"bytes"`
		Line  string `json:"line"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, err
	}
	switch event.Do {
	case "echo":
		return raw, nil
	case "nothing":
		return nil, nil
	case "context":
		own, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"requestId":   own.AwsRequestID,
			"arn":         own.InvokedFunctionArn,
			"remainingMs": time.Until(deadline).Milliseconds(),
			"name":        lambdacontext.FunctionName,
			"memory":      fmt.Sprint(lambdacontext.MemoryLimitInMB),
			"custom":      own.ClientContext.Custom,
			"trace":       os.Getenv("_X_AMZN_TRACE_ID"),
		}, nil
	case "throw":
		return nil, errors.New("thrown on purpose")
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Minute)
		return nil, nil
	case "large":
		return strings.Repeat("x", event.Bytes), nil
	case "log":
		fmt.Println(event.Line)
		return "logged", nil
	}
	return nil, errors.New("no such thing to do: " + event.Do)
}

func stream(_ context.Context, event events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
	var body interface{ Read([]byte) (int, error) } = strings.NewReader("first second")
	if event.RawPath == "/breaks" {
		body = &breaking{}
	}
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: 201,
		Headers:    map[string]string{"content-type": "text/plain", "x-client": "go"},
		Cookies:    []string{"a=1", "b=2"},
		Body:       body,
	}, nil
}

type breaking struct{ begun bool }

func (b *breaking) Read(into []byte) (int, error) {
	if b.begun {
		return 0, errors.New("broken on purpose")
	}
	b.begun = true
	return copy(into, "first "), nil
}

func main() {
	if os.Getenv("_HANDLER") == "streaming" || len(os.Args) > 1 && os.Args[1] == "streaming" {
		lambda.Start(stream)
		return
	}
	lambda.Start(handle)
}
