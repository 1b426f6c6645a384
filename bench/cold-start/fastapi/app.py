import os

import pandas
import uvicorn
from fastapi import FastAPI

app = FastAPI()
sales = pandas.DataFrame({"month": range(12), "sold": [n * n % 17 for n in range(12)]})


@app.get("/")
def best():
    row = sales.sort_values("sold").iloc[-1]
    return {"month": int(row["month"]), "sold": int(row["sold"])}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
