package main

import (
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/", func(context *gin.Context) {
		context.JSON(http.StatusOK, gin.H{"hello": "gin"})
	})
	if err := engine.Run("127.0.0.1:" + os.Getenv("PORT")); err != nil {
		panic(err)
	}
}
